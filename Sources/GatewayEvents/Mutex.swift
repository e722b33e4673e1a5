#if GATEWAY_SANITIZED
    import GatewayHTTP

    /// The lock that sanitizers understand.
    typealias Mutex = GatewayHTTP.Mutex
#endif
