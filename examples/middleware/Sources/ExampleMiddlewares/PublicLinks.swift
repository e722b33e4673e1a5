import Gateway
import NIOCore

/// Replaces the internal address of the upstream in its responses.
struct PublicLinks: ResponseHook {
    struct Config: Codable, Sendable {
        var from = "http://127.0.0.1:9001"
        var to = "https://api.example.com"
    }
    static let name = "public_links"
    private let config: Config

    init(_ config: Config, in context: inout BuildContext) { self.config = config }

    func response(_ exchange: Exchange) -> Decision {
        switch exchange.collected {
        case .none: return .collect(upTo: 65_536)
        case .larger: return .next
        case .whole(let body):
            let text = String(buffer: body).replacing(config.from, with: config.to)
            exchange.replaceBody(with: ByteBuffer(string: text))
            return .next
        }
    }
}
