/// A step of the chain. It is built once per route and event loop, so its stored properties are loop-local state.
///
/// Conform to the hook protocols of the phases that the middleware takes part in. Other phases cost nothing.
public protocol Middleware: SendableMetatype {
    /// The settings: a plain struct with a default for each property. The keys in `gateway.toml` are the property names
    /// in snake case.
    associatedtype Config: Codable & Sendable
    /// The name of the middleware's table, the prefix of its metrics, and its key in logs.
    static var name: String { get }
    /// Prepares what requests need. Report errors in the settings with ``BuildContext/fail(_:suggestion:at:)``.
    init(_ config: Config, in context: inout BuildContext)
}

/// Runs before the request goes upstream.
public protocol RequestHook: Middleware {
    /// Decides what happens to the request.
    func request(_ exchange: Exchange) -> Decision
}

/// Runs when the head of the response is ready and nothing was sent.
public protocol ResponseHook: Middleware {
    /// Decides what happens to the response.
    func response(_ exchange: Exchange) -> Decision
}

/// Runs after a failure further down the chain, before it becomes a response.
public protocol FailureHook: Middleware {
    /// Decides what happens to the error. ``Decision/next`` leaves it to the middlewares above.
    func failure(_ error: GatewayError, _ exchange: Exchange) -> Decision
}

/// Tells reports of failed requests what the middleware decided.
package protocol RequestNotes: Middleware {
    /// Returns a few words without credentials, or nil if there is nothing to tell. Called at the end of an exchange
    /// that is reported.
    func note(on exchange: Exchange) -> String?
}

/// Runs once at the end of the exchange, after the last byte or when the client has left.
public protocol CompletionHook: Middleware {
    /// Called with the outcome of the exchange.
    func complete(_ exchange: Exchange, _ outcome: Outcome)
}
