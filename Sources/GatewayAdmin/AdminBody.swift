import FoundationEssentials
import GatewayCore
import GatewayHTTP
import NIOCore

/// Collects the body of an admin request, so that endpoints receive it as a whole.
struct AdminBodyMiddleware: RequestHook {
    struct Config: Codable, Sendable {}

    package static let name = "admin_body"
    static let maxBody = 64 * 1024

    init(_ config: Config, in context: inout BuildContext) {}

    func request(_ exchange: Exchange) -> Decision {
        switch exchange.collected {
        case .none where exchange.request.framing.isEmpty: .next
        case .none: .collect(upTo: Self.maxBody)
        case .whole: .next
        case .larger: .fail(GatewayError(.payloadTooLarge))
        }
    }
}

/// The fields of a request's JSON body.
enum AdminBody {
    /// Accepts no body or an empty object, for an endpoint without fields.
    ///
    /// - Throws: 400 if the body is not JSON, 422 if it has any content.
    static func requireEmpty(_ body: ByteBuffer?) throws(AdminRefusal) {
        guard let body, body.readableBytes > 0 else { return }
        let fields: [String: AnyValue]
        do {
            fields = try JSONDecoder().decode([String: AnyValue].self, from: Data(body.readableBytesView))
        } catch DecodingError.typeMismatch {
            throw .invalid([GatewayError.Problem(field: "", reason: "must be a JSON object")])
        } catch {
            throw .badRequest("The body is not JSON.")
        }
        guard fields.isEmpty else {
            throw .invalid(fields.keys.sorted().map { GatewayError.Problem(field: $0, reason: "is not a known field") })
        }
    }

    private struct AnyValue: Decodable {
        init(from decoder: any Decoder) {}
    }
}
