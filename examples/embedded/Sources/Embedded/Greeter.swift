import Gateway

/// The application behind the gateway.
struct Greeter {
    func respond(to request: InProcessRequest) async throws -> InProcessResponse {
        InProcessResponse(contentType: "text/plain", text: "hello from \(request.head.path ?? "")\n")
    }
}
