extension [MiddlewareDescription] {
    /// The middlewares that the gateway brings, in the order of the chain.
    public static var standard: [MiddlewareDescription] { StandardMiddlewares.all.map(\.description) }
}
