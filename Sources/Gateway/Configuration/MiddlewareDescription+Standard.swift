public import GatewaySettings

extension [MiddlewareDescription] {
    /// The standard middlewares, in the order of the chain.
    public static var standard: [MiddlewareDescription] { StandardMiddlewares.all.map(\.description) }
}
