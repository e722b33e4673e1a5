import GatewayHTTP
import GatewayHTTP1
package import GatewaySettings
import NIOCore
import Synchronization

/// The upstreams of the running configuration, as shared by all workers. Each worker has one cluster per upstream.
///
/// A new configuration updates the registry, so that targets that remain keep their addresses, health and
/// connections.
package final class UpstreamRegistry: Sendable {
    fileprivate struct State: Sendable {
        package var configuration: [String: UpstreamConfiguration] = [:]
        /// By upstream, in the order of the configuration.
        package var targets: [String: [UpstreamTarget]] = [:]
        package var changes: [String: EndpointChanges] = [:]
        /// By target. A watch ends when it is removed.
        var watches: [ObjectIdentifier: NameResolver.Watch] = [:]
        package var resolver: NameResolver?
    }

    private let state = Mutex(State())
    private let inProcess: [String: InProcessHandler]

    package init(_ configuration: GatewayConfiguration, inProcess: [String: InProcessHandler]) {
        self.inProcess = inProcess
        self.update(configuration)
    }

    package var configuration: [String: UpstreamConfiguration] { self.state.withLock { $0.configuration } }

    /// The targets by upstream, in the order of the configuration.
    package var targets: [String: [UpstreamTarget]] { self.state.withLock { $0.targets } }

    /// The names of targets whose last look-up failed.
    package var failingNames: [FailingName] { self.state.withLock { $0.resolver }?.failing ?? [] }

    /// The required upstreams that have no reachable target.
    package var missing: [String] {
        let (configuration, targets) = self.state.withLock { ($0.configuration, $0.targets) }
        return configuration.filter { $0.value.required }.keys.sorted().filter { name in
            !(targets[name] ?? []).isEmpty && !(targets[name] ?? []).contains(where: \.isUp)
        }
    }

    // MARK: Configurations

    /// Resolves the names of all targets and keeps their addresses current. Requests wait for the first address.
    package func follow(_ resolver: NameResolver) {
        self.state.withLock { state in
            state.resolver = resolver
            state.watchNames()
        }
    }

    /// Applies a new configuration. Targets that remain get their new weights and limits; removed targets finish
    /// their requests. Each worker then has to update its clusters with ``makeUpstreams(for:updating:)``.
    @discardableResult
    func update(_ configuration: GatewayConfiguration) -> UpstreamComparison {
        self.state.withLock { state in
            let comparison = UpstreamComparison(from: state.configuration, to: configuration.upstreams)
            for name in comparison.removed { state.remove(name) }
            for (name, upstream) in configuration.upstreams {
                state.update(name, upstream, comparison.kept[name])
            }
            state.watchNames()
            return comparison
        }
    }

    // MARK: Workers

    /// Creates the upstreams of one worker. Call it on the worker's event loop.
    ///
    /// - Parameter running: The worker's current upstreams. Clusters that are still configured are updated and
    ///   returned; other upstreams are stopped.
    package func makeUpstreams(
        for worker: Worker,
        updating running: [String: any Upstream] = [:]
    ) -> [String: any Upstream] {
        let state = self.state.withLock { $0 }
        var upstreams: [String: any Upstream] = [:]
        for (name, upstream) in state.configuration {
            switch upstream.builtin {
            case .demo:
                upstreams[name] = InProcessUpstream(name: name, worker: worker, handler: DemoUpstream.handle)
            case .inProcess:
                let handler = self.inProcess[name] ?? InProcessUpstream.missing
                upstreams[name] = InProcessUpstream(name: name, worker: worker, handler: handler)
            case nil:
                guard let changes = state.changes[name], let targets = state.targets[name] else { continue }
                let settings = UpstreamCluster.Settings(upstream)
                if let cluster = running[name] as? UpstreamCluster, cluster.changes === changes {
                    cluster.update(targets: targets, settings: settings)
                    upstreams[name] = cluster
                } else {
                    upstreams[name] = UpstreamCluster(
                        name: name,
                        worker: worker,
                        targets: targets,
                        changes: changes,
                        settings: settings
                    )
                }
            }
        }
        for (name, upstream) in running where upstreams[name] !== upstream { upstream.stop() }
        return upstreams
    }
}

extension UpstreamRegistry.State {
    /// Removes an upstream. Its targets do not retire, because their endpoints still serve calls that started before.
    fileprivate mutating func remove(_ name: String) {
        for target in self.targets[name] ?? [] { self.watches[ObjectIdentifier(target)] = nil }
        self.configuration[name] = nil
        self.targets[name] = nil
        self.changes[name] = nil
    }

    /// - Parameter comparison: Nil if the upstream is new.
    fileprivate mutating func update(
        _ name: String,
        _ upstream: UpstreamConfiguration,
        _ comparison: UpstreamComparison.Targets?
    ) {
        let changes = self.changes[name] ?? EndpointChanges()
        let before = self.targets[name] ?? []
        if self.configuration[name]?.resolve != upstream.resolve {
            for target in before { self.watches[ObjectIdentifier(target)] = nil }
        }
        for index in comparison?.removed ?? [] {
            self.watches[ObjectIdentifier(before[index])] = nil
            before[index].retire()
        }
        self.targets[name] = upstream.targets.enumerated().map { index, configuration in
            if let kept = comparison?.kept[index] {
                before[kept].change(weight: configuration.weight)
                before[kept].permits.change(limit: upstream.maxConnections, pendingLimit: upstream.maxPending)
                return before[kept]
            }
            return UpstreamTarget(
                upstream: name,
                configuration,
                permits: ConnectionPermits(limit: upstream.maxConnections, pendingLimit: upstream.maxPending),
                changes: changes
            )
        }
        self.changes[name] = changes
        self.configuration[name] = upstream
    }

    /// Watches the targets that are names and are not watched yet.
    fileprivate mutating func watchNames() {
        guard let resolver = self.resolver else { return }
        for (upstream, targets) in self.targets.sorted(by: { $0.key < $1.key }) {
            let interval = TimeAmount(self.configuration[upstream]?.resolve ?? .seconds(30))
            for target in targets where self.watches[ObjectIdentifier(target)] == nil {
                guard let name = target.name else { continue }
                self.watches[ObjectIdentifier(target)] = resolver.watch(name.host, every: interval) { [weak target] in
                    switch $0 {
                    case .addresses(let addresses):
                        target?.found(addresses.compactMap { SocketAddress($0, port: name.port) })
                    case .failed(let reason): target?.notFound(reason: reason)
                    }
                }
            }
        }
    }
}

extension UpstreamCluster.Settings {
    package init(_ upstream: UpstreamConfiguration) {
        self.policy = Balancer.Policy(upstream.balance)
        self.hashKey =
            upstream.balance == .hash ? HashKey(upstream.hashKey, makesCookie: upstream.setCookie) : nil
        self.failover = upstream.failover
        self.maxPending = upstream.maxPending
        self.pool = UpstreamPool.Settings(
            connector: HTTP1Connector(limits: HTTP1Limits(headers: upstream.maxHead.bytes, headerCount: 1000)),
            queue: TimeAmount(upstream.queue),
            idleTimeout: TimeAmount(upstream.idleTimeout)
        )
    }
}

extension Balancer.Policy {
    package init(_ policy: BalancePolicy) {
        switch policy {
        case .roundRobin: self = .roundRobin
        case .leastRequests: self = .leastRequests
        case .random: self = .random
        case .hash: self = .hash
        }
    }
}
