package import GatewayHTTP
import GatewayHTTP1
package import GatewaySettings
import NIOCore
package import Synchronization

/// The upstreams of the running configuration, as shared by all workers. Each worker has one cluster per upstream.
///
/// A new configuration updates the registry, so that targets that remain keep their addresses, health and
/// connections.
package final class UpstreamRegistry: Sendable {
    fileprivate struct State: Sendable {
        package var configuration: [String: UpstreamConfiguration] = [:]
        /// By upstream, in the order of the configuration.
        package var targets: [String: [UpstreamTarget]] = [:]
        /// The names of the services that the gateway itself sends requests to.
        var services: Set<String> = []
        package var changes: [String: EndpointChanges] = [:]
        /// By upstream with https targets.
        var securities: [String: UpstreamSecurity] = [:]
        var failures: [UpstreamSecurities.Failure] = []
        /// By target. A watch ends when it is removed.
        var watches: [ObjectIdentifier: NameResolver.Watch] = [:]
        package var resolver: NameResolver?
        /// The addresses that targets with names may have.
        var addresses = AddressPolicy.all
        var maxPolls = 1
        /// Tells the health checker that there is a new configuration.
        var updated: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())
    /// The number of health checks in progress.
    package let pollsRunning = Atomic(0)
    private let inProcess: [String: InProcessHandler]

    package init(_ configuration: GatewayConfiguration, inProcess: [String: InProcessHandler]) {
        self.inProcess = inProcess
        self.update(configuration)
    }

    /// The upstreams of routes.
    package var configuration: [String: UpstreamConfiguration] {
        self.state.withLock { state in
            state.services.isEmpty
                ? state.configuration : state.configuration.filter { !state.services.contains($0.key) }
        }
    }

    /// The targets by upstream of routes, in the order of the configuration.
    package var targets: [String: [UpstreamTarget]] {
        self.state.withLock { state in
            state.services.isEmpty ? state.targets : state.targets.filter { !state.services.contains($0.key) }
        }
    }

    /// The labels of all targets, including those of services.
    package var targetLabels: [String: Set<String>] {
        self.state.withLock { $0.targets }.mapValues { Set($0.map(\.label)) }
    }

    /// The files of tls that could not be used when the configuration was applied.
    package var failures: [UpstreamSecurities.Failure] { self.state.withLock { $0.failures } }

    /// The security of the upstreams with https targets.
    var securities: [String: UpstreamSecurity] { self.state.withLock { $0.securities } }

    /// Why the changed files of upstreams are not used, by upstream.
    package var rejectedFiles: [String: String] { self.securities.compactMapValues(\.rejection) }

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
    ///
    /// - Parameter addresses: The addresses that count. A name that has others too is connected to at these.
    package func follow(_ resolver: NameResolver, addresses: AddressPolicy = .all) {
        self.state.withLock { state in
            state.resolver = resolver
            state.addresses = addresses
            state.watchNames()
        }
    }

    /// Applies a new configuration. Targets that remain get their new weights and limits; removed targets finish
    /// their requests. Each worker then has to update its clusters with ``makeUpstreams(for:updating:)``.
    @discardableResult
    func update(_ configuration: GatewayConfiguration) -> UpstreamComparison {
        let change = self.prepare(configuration)
        self.apply(change)
        change.retireTargets()
        return change.comparison
    }

    /// Prepares a new configuration without changing anything. Only one change may be prepared at a time.
    package func prepare(_ configuration: GatewayConfiguration) -> UpstreamChange {
        let state = self.state.withLock { $0 }
        var change = UpstreamChange(
            from: state.configuration,
            targets: state.targets,
            changes: state.changes,
            securities: state.securities,
            to: configuration.upstreams.merging(configuration.services) { upstream, _ in upstream },
            folder: configuration.document.folder,
            inProcess: self.inProcess
        )
        change.maxPolls = configuration.server.maxPolls
        change.services = Set(configuration.services.keys)
        return change
    }

    /// Applies a prepared change: reports and look-ups follow the new configuration. Removed targets still take
    /// requests until ``UpstreamChange/retireTargets()``, because workers switch one after the other.
    package func apply(_ change: UpstreamChange) {
        defer { self.state.withLock { $0.updated }?() }
        self.state.withLock { state in
            for target in change.removedTargets { state.watches[ObjectIdentifier(target)] = nil }
            for (name, upstream) in change.configuration {
                let targets = change.targets[name] ?? []
                if let before = state.configuration[name], before.resolve != upstream.resolve {
                    for target in targets { state.watches[ObjectIdentifier(target)] = nil }
                }
                change.changes[name]?.circuits.settings = upstream.circuitBreaker.map { CircuitGroup.Settings($0) }
                for (target, configuration) in zip(targets, upstream.targets) {
                    target.configure(weight: configuration.weight)
                    target.configureCircuits()
                    target.permits.change(limit: upstream.maxConnections, pendingLimit: upstream.maxPending)
                    target.setPolled(upstream.health != nil)
                }
            }
            state.configuration = change.configuration
            state.targets = change.targets
            state.services = change.services
            state.changes = change.changes
            state.securities = change.securities.byUpstream
            state.failures = change.securities.failures
            state.maxPolls = change.maxPolls ?? state.maxPolls
            state.watchNames()
        }
    }

    // MARK: Health checks

    /// An upstream whose targets are polled.
    struct Polled {
        struct Settings: Equatable {
            let health: HealthCheckConfiguration
            let maxHead: Int
            let http2: UpstreamHTTP2
            let security: UpstreamSecurity?
            let proxyProtocol: ProxyProtocolVersion
        }

        let name: String
        let settings: Settings
        let targets: [UpstreamTarget]
        let changes: EndpointChanges
    }

    /// The upstreams to poll, and the maximum number of polls at once.
    var polled: (upstreams: [Polled], limit: Int) {
        let state = self.state.withLock { $0 }
        let upstreams = state.configuration.compactMap { name, upstream -> Polled? in
            guard let health = upstream.health, let targets = state.targets[name], let changes = state.changes[name]
            else { return nil }
            return Polled(
                name: name,
                settings: Polled.Settings(
                    health: health,
                    maxHead: upstream.maxHead.bytes,
                    http2: upstream.http2,
                    security: state.securities[name],
                    proxyProtocol: upstream.proxyProtocol
                ),
                targets: targets,
                changes: changes
            )
        }
        return (upstreams, state.maxPolls)
    }

    /// Calls `updated` on any thread after each new configuration. Nil: no longer.
    func whenUpdated(_ updated: (@Sendable () -> Void)?) { self.state.withLock { $0.updated = updated } }

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
        let change = UpstreamChange(
            running: state.configuration,
            targets: state.targets,
            changes: state.changes,
            securities: state.securities,
            inProcess: self.inProcess
        )
        let upstreams = change.makeUpstreams(for: worker, beside: running)
        change.takeEffect(for: upstreams, replacing: running)
        return upstreams
    }
}

extension UpstreamRegistry.State {
    /// Watches the targets that are names and are not watched yet.
    fileprivate mutating func watchNames() {
        guard let resolver = self.resolver else { return }
        for (upstream, targets) in self.targets.sorted(by: { $0.key < $1.key }) {
            let interval = TimeAmount(self.configuration[upstream]?.resolve ?? .seconds(30))
            for target in targets where self.watches[ObjectIdentifier(target)] == nil {
                guard let name = target.name else { continue }
                self.watches[ObjectIdentifier(target)] = resolver.watch(name.host, every: interval) {
                    [weak target, policy = self.addresses] in
                    switch $0.restricted(to: policy) {
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
    package init(_ upstream: UpstreamConfiguration, security: UpstreamSecurity? = nil) {
        self.policy = Balancer.Policy(upstream.balance)
        self.hashKey =
            upstream.balance == .hash ? HashKey(upstream.hashKey, makesCookie: upstream.setCookie) : nil
        self.failover = upstream.failover
        self.maxPending = upstream.maxPending
        self.triesUnhealthy = upstream.health?.whenAllDown == .tryAll
        self.pool = UpstreamPool.Settings(
            connector: TargetConnector(upstream),
            queue: TimeAmount(upstream.queue),
            idleTimeout: TimeAmount(upstream.idleTimeout),
            circuit: upstream.circuitBreaker.map { UpstreamPool.CircuitSettings($0) },
            security: security,
            proxyProtocol: upstream.proxyProtocol
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
