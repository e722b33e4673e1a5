public import GatewayCore
import GatewayHTTP
public import GatewaySettings
import NIOCore

/// Reduces JSON responses to the members that the client asks for.
///
/// ```toml
/// [middleware.fields]
/// parameter = "fields"  # ?fields=title,author.name,items(id,price)
/// ```
///
/// What is kept keeps its bytes. Responses that are larger than `max_body`, encoded or not JSON pass unchanged. Does not
/// spare the upstream any work, and hides nothing: a client can ask for everything.
public struct FieldsMiddleware: RequestHook, ResponseHook {
    public struct Config: Codable, Sendable {
        /// The parameter of the query that has the expression.
        public var parameter = "fields"
        /// Larger responses pass unchanged.
        public var maxBody = ByteCount.mebibytes(1)

        public init() {}
    }

    public static let name = "fields"

    private let name: String
    private let parameter: FieldParameter
    private let maxBody: Int
    private let expression: ExchangeKey<FieldExpression?>

    public init(_ config: Config, in context: inout BuildContext) {
        if config.parameter.isEmpty {
            context.fail("the name is empty", suggestion: "write \"fields\"", at: "parameter")
        }
        self.name = config.parameter
        self.parameter = FieldParameter(config.parameter)
        self.maxBody = config.maxBody.bytes
        self.expression = context.key(nil)
    }

    // MARK: Requests

    public func request(_ exchange: Exchange) -> Decision {
        guard !exchange.query.isEmpty, Self.mayHaveDocument(exchange) else { return .next }
        switch exchange.request.headers.withBytes(exchange.query, { self.parameter.take(from: $0) }) {
        case .absent: return .next
        case .malformed(let mistake):
            return .fail(
                .badRequest(
                    "The parameter \(self.name) is malformed at position \(mistake.position): \(mistake.reason.text)."
                )
            )
        case .taken(let expression, let rest):
            exchange.replaceQuery(with: rest)
            guard let expression else { return .next }
            exchange[self.expression] = expression
            exchange.needsUnencodedResponse = true
            // Parts of the upstream's document are not parts of what the client gets. Responding with the whole is always
            // correct (RFC 9110 section 14.2).
            exchange.request.headers.remove(.range)
            exchange.request.headers.remove(.ifRange)
            return .next
        }
    }

    /// Whether the response may be a document. Redirects keep the parameter for their target.
    private static func mayHaveDocument(_ exchange: Exchange) -> Bool {
        guard exchange.refusal == nil, exchange.upgrade == nil, !exchange.isGRPC else { return false }
        switch exchange.plan.action {
        case .upstream, .split, .respond: return true
        case .redirect, .refuse: return false
        }
    }

    // MARK: Responses

    public func response(_ exchange: Exchange) -> Decision {
        guard let expression = exchange[self.expression] else { return .next }
        switch exchange.response.status {
        case 304:
            // It has the fields that the 200 would have (RFC 9110 section 15.4.5).
            Self.removeFieldsOfWholeBody(from: exchange)
            exchange.response.headers.remove(.contentLength)
            return .next
        case 206: return .next
        case 200..<300: break
        default: return .next
        }
        guard Self.isDocument(exchange) else { return .next }
        if exchange.request.method == .head {
            Self.removeFieldsOfWholeBody(from: exchange)
            exchange.response.headers.remove(.contentLength)
            return .next
        }
        guard !exchange.response.framing.isEmpty else { return .next }
        switch exchange.collected {
        case .none: return .collect(upTo: self.maxBody)
        case .larger: break
        case .whole(let body):
            guard case .projected(let selected) = JSONProjection.project(body, expression) else { break }
            Self.removeFieldsOfWholeBody(from: exchange)
            self.replaceBody(of: exchange, with: selected)
        }
        return .next
    }

    /// Transforms of the body run after the selection, and change its length again.
    private func replaceBody(of exchange: Exchange, with body: ByteBuffer) {
        if exchange.responseBody.pipeline == nil {
            exchange.replaceBody(with: body)
        } else {
            exchange.responseBody.held = body
        }
    }

    private static func isDocument(_ exchange: Exchange) -> Bool {
        guard let type = exchange.response.headers.first(.contentType),
            exchange.response.headers.withBytes(type, JSONMediaType.matches)
        else { return false }
        return !exchange.response.headers.contains(.contentEncoding)
            && !exchange.response.headers.contains("no-transform", in: .cacheControl)
    }

    /// Removes what describes the bytes of the upstream's document. Its tag stays: at this URL it identifies this
    /// selection.
    private static func removeFieldsOfWholeBody(from exchange: Exchange) {
        exchange.response.headers.remove(.acceptRanges)
        guard exchange.response.headers.present.contains(.unknown) else { return }
        exchange.response.headers.removeAll { block, field in IntegrityFields.contain(field, in: block) }
    }
}
