import GatewayCore
import GatewayHTTP
import GatewayMiddlewares
import GatewaySettings

/// A kind of credential for tests of what comes after authentication: `X-Caller: NAME` or `NAME/PLAN` is believed.
struct SpokenCallers: Authenticator {
    static let field = HeaderName("X-Caller")
    let consumers: Consumers
    var challenge: AuthenticationChallenge { AuthenticationChallenge("Spoken") }

    func authenticate(_ exchange: Exchange) -> Authentication {
        guard let word = exchange.request.headers.values(of: Self.field).first else { return .missing }
        let parts = word.split(separator: "/").map(String.init)
        let consumer = self.consumers.consumer(parts[0])
        let plan = parts.count > 1 ? parts[1] : nil
        let claims: JSONValue = ["org": .string("org of \(parts[0].prefix(1))")]
        return .accepted(Caller(consumer, name: parts[0], kind: "spoken", plan: plan, claims: claims))
    }

    func removeCredential(_ exchange: Exchange) { exchange.request.headers.remove(Self.field) }

    /// The standard middlewares, with `spoken` as a kind of credential.
    static var middlewares: MiddlewareList {
        .standard.authenticating(
            with: AuthenticatorRegistration("spoken") { SpokenCallers(consumers: $0.consumers) }
        )
    }
}
