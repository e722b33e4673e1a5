import Foundation
import Gateway

/// Rejects request bodies that are not JSON. Larger bodies than `max_body` pass unchecked.
struct ValidJSON: RequestHook {
    struct Config: Codable, Sendable { var maxBody = 65_536 }
    static let name = "valid_json"
    private let maxBody: Int

    init(_ config: Config, in context: inout BuildContext) { self.maxBody = config.maxBody }

    func request(_ exchange: Exchange) -> Decision {
        switch exchange.collected {
        case .none: .collect(upTo: maxBody)  // the hook is called again with the body
        case .whole(let body) where body.readableBytes > 0 && !isJSON(body.readableBytesView):
            .fail(.badRequest("The body is not valid JSON."))
        case .whole, .larger: .next
        }
    }

    private func isJSON(_ bytes: some Collection<UInt8>) -> Bool {
        (try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)) != nil
    }
}
