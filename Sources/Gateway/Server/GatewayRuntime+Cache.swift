import GatewayAdmin
import GatewayCache
import GatewayCore
import GatewayMiddlewares
import GatewaySettings
import Logging
import NIOCore

/// What the gateway does for the cache beside its requests.
extension GatewayRuntime {
    /// Shows the cache in the admin API and the metrics, and makes the warmer.
    static func startCache(
        on worker: NIOLoopBound<Worker>,
        middlewares: [MiddlewareRegistration],
        status: GatewayStatus
    ) async throws -> NIOLoopBound<CacheWarmer> {
        // Everything that limits a client stands above the changes to its headers.
        let place = middlewares.firstIndex { $0.description.name == HeadersMiddleware.name } ?? middlewares.count
        return try await worker.eventLoop.submit {
            CacheSupport.register(worker.value, with: status.registry)
            status.cache = CacheSupport.cache(of: worker.value)
            let warmer = CacheWarmer(on: worker.value, below: place - 1) { [weak status] in
                status?.isUp(route: $0) ?? false
            }
            return NIOLoopBound(warmer, eventLoop: worker.eventLoop)
        }.get()
    }

    /// Applies the running configuration: sizes, and the requests that keep responses in the cache.
    func applyCache() {
        let configuration = self.configuration
        var resolver = self.status.resolver(of: configuration)
        if let cache = self.status.cache { CacheSupport.apply(configuration, &resolver, to: cache) }
        let (requests, problems) = CacheSupport.warmRequests(of: configuration, &resolver)
        for problem in problems { self.log.warning("cannot keep a response in the cache: \(problem)") }
        let isSecure = configuration.server.tls != nil
        self.warmer.eventLoop.execute { [warmer] in warmer.value.replace(with: requests, isSecure: isSecure) }
    }
}

extension GatewayStatus {
    /// Whether the upstream of a route has a target that is up.
    fileprivate func isUp(route name: String) -> Bool {
        let running = self.configuration
        guard let route = running.routes.first(where: { $0.name == name }) else { return false }
        return (route.upstream?.names ?? []).contains { upstream in
            let targets = self.upstreams.targets[upstream] ?? []
            return targets.isEmpty || targets.contains(where: \.isUp)
        }
    }
}
