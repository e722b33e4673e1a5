extension [MiddlewareDescription] {
    /// The middlewares that the gateway brings, in the order of the chain.
    package static var standard: [MiddlewareDescription] { StandardMiddlewares.all.map(\.description) }
}
