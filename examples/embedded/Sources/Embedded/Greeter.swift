import Gateway

/// The application behind the gateway.
struct Greeter {
    func respond(to request: AsyncRequest) async throws -> AsyncResponse {
        AsyncResponse(contentType: "text/plain", text: "hello from \(request.head.path ?? "")\n")
    }
}
