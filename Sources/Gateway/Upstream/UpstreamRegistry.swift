import GatewayHTTP1
import NIOCore

/// The upstreams of a configuration: what their workers share, and the way to each worker's own part of them.
final class UpstreamRegistry: Sendable {
    let configuration: [String: UpstreamConfiguration]
    /// By upstream, in the order of the configuration.
    let targets: [String: [UpstreamTarget]]
    /// By upstream.
    private let changes: [String: EndpointChanges]
    private let style: ForwardedStyle
    private let inProcess: [String: InProcessHandler]
    private let workerCount: Int

    init(_ configuration: GatewayConfiguration, inProcess: [String: InProcessHandler], workerCount: Int) {
        self.configuration = configuration.upstreams
        self.style = configuration.server.forwarded
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

    /// Looks the names of all targets up, from now on. Until then their requests wait.
    func follow(names lookup: any NameLookup) {
        for target in self.targets.values.joined() {
            guard let name = target.name else { continue }
            lookup.follow(name.host, port: name.port) { [weak target] answer in
                switch answer {
                case .found(let addresses): target?.found(addresses)
                case .failed(let reason): target?.notFound(reason: reason)
                }
            }
        }
    }

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
        let forwarder = Forwarder(style: self.style)
        switch upstream.builtin {
        case .demo:
            return InProcessUpstream(name: name, worker: worker, forwarder: forwarder, handler: DemoUpstream.handle)
        case .inProcess:
            return InProcessUpstream(
                name: name,
                worker: worker,
                forwarder: forwarder,
                handler: self.inProcess[name] ?? InProcessUpstream.missing
            )
        case nil: break
        }
        let settings = UpstreamCluster.Settings(
            policy: Balancer.Policy(upstream.balance),
            hashKey: upstream.balance == .hash ? HashKey(upstream.hashKey, makesCookie: upstream.setCookie) : nil,
            failover: upstream.failover,
            maxPending: upstream.maxPending,
            forwarder: forwarder,
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
