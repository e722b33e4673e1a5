extension GatewayConfiguration {
    /// The services that the gateway itself sends requests to, as upstreams. They have pools, name look-ups and TLS as
    /// upstreams of routes have, but routes cannot refer to them. Their names begin with `_`.
    package var services: [String: UpstreamConfiguration] {
        var services: [String: UpstreamConfiguration] = [:]
        if let forward = self.auth.forward, forward.url != .missing {
            services[ForwardAuthConfiguration.service] = forward.upstream
        }
        for issuer in self.auth.jwt?.allIssuers ?? [] {
            guard case .url(let url, let service, _) = issuer.keys else { continue }
            services[service] = UpstreamConfiguration(
                service: url,
                timeout: TokenIssuer.fetchTimeout,
                maxConnections: 4
            )
        }
        return services
    }
}

extension UpstreamConfiguration {
    /// Creates the upstream of a service that the gateway itself sends requests to.
    ///
    /// - Parameters:
    ///   - timeout: The time that a request may take, including the wait for a connection.
    ///   - maxConnections: The maximum number of connections, for all workers together.
    package init(service url: ServiceURL, timeout: TimeSpan, maxConnections: Int) {
        self.init()
        self.targets = [TargetConfiguration(url.target)]
        self.queue = timeout
        self.maxConnections = maxConnections
    }
}
