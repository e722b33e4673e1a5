import GatewayHTTP
import GatewayHTTP1
import GatewaySettings
import NIOCore
import Synchronization

/// The upstreams of a configuration: what their workers share, and the way to each worker's own part of them.
final class UpstreamRegistry: Sendable {
    let configuration: [String: UpstreamConfiguration]
    /// By upstream, in the order of the configuration.
    let targets: [String: [UpstreamTarget]]
    /// By upstream.
    private let changes: [String: EndpointChanges]
    private let inProcess: [String: InProcessHandler]
    private let workerCount: Int
    private let names = Mutex<Names?>(nil)

    /// The watches end with the registry.
    private struct Names: Sendable {
        let resolver: NameResolver
        let watches: [NameResolver.Watch]
    }

    init(_ configuration: GatewayConfiguration, inProcess: [String: InProcessHandler], workerCount: Int) {
        self.configuration = configuration.upstreams
        self.inProcess = inProcess
        self.workerCount = workerCount
        var targets: [String: [UpstreamTarget]] = [:]
        var allChanges: [String: EndpointChanges] = [:]
        for (name, upstream) in configuration.upstreams {
            let changes = EndpointChanges()
            allChanges[name] = changes
            targets[name] = upstream.targets.map { target in
                UpstreamTarget(
                    upstream: name,
                    target,
                    permits: ConnectionPermits(limit: upstream.maxConnections, pendingLimit: upstream.maxPending),
                    changes: changes
                )
            }
        }
        self.targets = targets
        self.changes = allChanges
    }

    /// Looks up the names of all targets, and keeps their addresses current. Until a name is answered its requests wait.
    func follow(_ resolver: NameResolver) {
        let watches = self.targets.sorted { $0.key < $1.key }.flatMap { upstream, targets in
            let interval = TimeAmount(self.configuration[upstream]?.resolve ?? .seconds(30))
            return targets.compactMap { target -> NameResolver.Watch? in
                guard let name = target.name else { return nil }
                return resolver.watch(name.host, every: interval) { [weak target] state in
                    switch state {
                    case .addresses(let addresses):
                        target?.found(
                            addresses.compactMap { try? SocketAddress(ipAddress: $0.description, port: name.port) }
                        )
                    case .failed(let reason): target?.notFound(reason: reason)
                    }
                }
            }
        }
        self.names.withLock { $0 = Names(resolver: resolver, watches: watches) }
    }

    /// Names of targets whose last look-up failed.
    var failingNames: [FailingName] { self.names.withLock { $0?.resolver.failing ?? [] } }

    /// Whether every upstream that is required has a target that can be reached.
    var missing: [String] {
        self.configuration.filter { $0.value.required }.keys.sorted().filter { name in
            !(self.targets[name] ?? []).isEmpty && !(self.targets[name] ?? []).contains(where: \.isUp)
        }
    }

    func makeUpstreams(for worker: Worker) -> [String: any Upstream] {
        self.configuration.reduce(into: [:]) { upstreams, entry in
            upstreams[entry.key] = self.makeUpstream(entry.key, entry.value, for: worker)
        }
    }

    private func makeUpstream(_ name: String, _ upstream: UpstreamConfiguration, for worker: Worker) -> any Upstream {
        switch upstream.builtin {
        case .demo:
            return InProcessUpstream(name: name, worker: worker, handler: DemoUpstream.handle)
        case .inProcess:
            return InProcessUpstream(
                name: name,
                worker: worker,
                handler: self.inProcess[name] ?? InProcessUpstream.missing
            )
        case nil: break
        }
        let settings = UpstreamCluster.Settings(
            policy: Balancer.Policy(upstream.balance),
            hashKey: upstream.balance == .hash ? HashKey(upstream.hashKey, makesCookie: upstream.setCookie) : nil,
            failover: upstream.failover,
            maxPending: upstream.maxPending,
            pool: UpstreamPool.Settings(
                limits: HTTP1Limits(headers: upstream.maxHead.bytes, headerCount: 1000),
                queue: TimeAmount(upstream.queue),
                idleTimeout: TimeAmount(upstream.idleTimeout)
            )
        )
        return UpstreamCluster(
            name: name,
            worker: worker,
            targets: self.targets[name] ?? [],
            changes: self.changes[name] ?? EndpointChanges(),
            settings: settings
        )
    }
}

extension Balancer.Policy {
    init(_ policy: BalancePolicy) {
        switch policy {
        case .roundRobin: self = .roundRobin
        case .leastRequests: self = .leastRequests
        case .random: self = .random
        case .hash: self = .hash
        }
    }
}
