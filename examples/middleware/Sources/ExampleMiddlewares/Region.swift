import Gateway

/// Tells the upstream which region serves the request, and the client too.
struct Region: RequestHook, ResponseHook {
    struct Config: Codable, Sendable { var name = "eu-1" }
    static let name = "region"
    private let region: String
    private let header = HeaderName("X-Region")

    init(_ config: Config, in context: inout BuildContext) { self.region = config.name }

    func request(_ exchange: Exchange) -> Decision {
        exchange.request.headers.set(header, to: region)
        return .next
    }

    func response(_ exchange: Exchange) -> Decision {
        exchange.response.headers.set(header, to: region)
        exchange.response.headers.remove(HeaderName("X-Internal-Host"))
        return .next
    }
}
