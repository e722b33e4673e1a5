public import GatewayCore
import GatewayHTTP
import NIOCore

/// Lets pages of other origins use a route (CORS): answers preflights, and adds the fields that let a page read
/// responses.
///
/// ```toml
/// [middleware.cors]
/// origins = ["https://app.example.com", "https://*.example.org", "http://localhost:*"]
/// methods = ["GET", "POST", "DELETE"]
/// headers = ["Content-Type", "Authorization"]
/// ```
///
/// A preflight takes the route of the request that the browser wants to send, and is answered before limits and
/// authentication. All other responses, errors included, get `Access-Control-Allow-Origin` for allowed origins, and
/// `Vary: Origin`. `Access-Control-*` fields of the upstream are dropped. CORS does not stop requests of other programs, nor
/// WebSockets: for those, see `websocket.origins`.
public struct CORSMiddleware: RequestHook, ResponseHook {
    public static let name = "cors"

    private let policy: CORSPolicy
    private let fields: CORSFields
    /// Whether responses depend on the origin of the request.
    private let dependsOnOrigin: Bool

    public init(_ config: Config, in context: inout BuildContext) {
        config.check(in: &context)
        context.answersPreflights = true
        context.owned.own(response: CORSFields.all)
        self.policy = CORSPolicy(config)
        self.fields = CORSFields(config, self.policy, exposing: config.exposedFields(in: context))
        self.dependsOnOrigin = !self.policy.allowsAnyOrigin
    }

    public func request(_ exchange: Exchange) -> Decision {
        if exchange.crossOrigin.preflight != .none { return self.answer(exchange) }
        if self.dependsOnOrigin, let allowed = self.policy.allowedOrigin(in: exchange.request.headers) {
            exchange.crossOrigin.allowed = Int16(truncatingIfNeeded: allowed.index)
            exchange.crossOrigin.origin = allowed.range
        }
        return .next
    }

    public func response(_ exchange: Exchange) -> Decision {
        let crossOrigin = exchange.crossOrigin
        self.fields.set(
            on: &exchange.response.headers,
            allowed: Int(crossOrigin.allowed),
            crossOrigin.origin,
            of: exchange.request.headers
        )
        return .next
    }

    /// Answers a preflight. It reaches neither the upstream nor any limit.
    private func answer(_ exchange: Exchange) -> Decision {
        switch self.policy.preflight(exchange.request.headers) {
        case .allowed where exchange.crossOrigin.preflight == .methodNotAllowed:
            return .fail(self.fields.error(.method))
        case .refused(let refusal): return .fail(self.fields.error(refusal))
        case .allowed(let origin):
            var response = Response(status: 204)
            response.fields = self.fields.ofPreflight(from: origin, in: exchange.request.headers)
            return .respond(response)
        }
    }
}
