#if GATEWAY_SANITIZED
    // Exported, so that the files that have locks need no import that other builds have no use for.
    @_exported public import GatewayHTTP

    /// The lock that sanitizers understand.
    typealias Mutex = GatewayHTTP.Mutex
#endif
