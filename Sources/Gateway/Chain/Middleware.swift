/// A step of the chain, built once for each route and event loop, so that a stored property is loop-local state.
///
/// The hooks below say in which phases it takes part; a phase without a hook costs a request nothing.
public protocol Middleware: SendableMetatype {
    /// Its settings: a plain struct, every property with a default. The keys of its table in `gateway.toml` are the
    /// property names in snake case.
    associatedtype Config: Codable & Sendable
    /// The name of its table, the prefix of its metrics, the key in logs.
    static var name: String { get }
    /// Prepares what each request needs. Mistakes in the settings go to the context's diagnostics.
    init(_ config: Config, in context: inout BuildContext)
}

/// Takes part on the way down, before the request goes upstream.
public protocol RequestHook: Middleware {
    /// Decides before anything goes upstream.
    func request(_ exchange: Exchange) -> Decision
}

/// Takes part on the way up, when the response's head is ready and nothing of it has been sent.
public protocol ResponseHook: Middleware {
    /// Decides before anything goes to the client.
    func response(_ exchange: Exchange) -> Decision
}

/// Hears of a failure below it before the failure becomes a response.
public protocol FailureHook: Middleware {
    /// Decides what becomes of the error; ``Decision/next`` leaves it to those above.
    func failure(_ error: GatewayError, _ exchange: Exchange) -> Decision
}

/// Is told once when the exchange is over, after the last byte or when the client has left.
public protocol CompletionHook: Middleware {
    /// Sees what became of the exchange.
    func complete(_ exchange: Exchange, _ outcome: Outcome)
}
