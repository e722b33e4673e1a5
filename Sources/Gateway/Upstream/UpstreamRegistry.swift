import GatewayHTTP1
import NIOCore

/// The upstreams of a configuration: what their workers share, and the way to each worker's own part of them.
final class UpstreamRegistry: Sendable {
    let configuration: [String: UpstreamConfiguration]
    /// By upstream, in the order of the configuration.
    let targets: [String: [UpstreamTarget]]
    private let style: ForwardedStyle
    private let inProcess: [String: InProcessHandler]
    private let workerCount: Int

    init(_ configuration: GatewayConfiguration, inProcess: [String: InProcessHandler], workerCount: Int) {
        self.configuration = configuration.upstreams
        self.style = configuration.server.forwarded
        self.inProcess = inProcess
        self.workerCount = workerCount
        self.targets = configuration.upstreams.reduce(into: [:]) { targets, upstream in
            targets[upstream.key] = upstream.value.targets.map { target in
                UpstreamTarget(
                    upstream: upstream.key,
                    target,
                    permits: ConnectionPermits(
                        limit: upstream.value.maxConnections,
                        pendingLimit: upstream.value.maxPending
                    )
                )
            }
        }
    }

    /// Whether every upstream that is required has a target that can be reached.
    var missing: [String] {
        self.configuration.filter { $0.value.required }.keys.sorted().filter { name in
            !(self.targets[name] ?? []).isEmpty && !(self.targets[name] ?? []).contains { $0.health.isUp }
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
        let targets = self.targets[name] ?? []
        let settings = UpstreamPool.Settings(
            limits: HTTP1Limits(headers: upstream.maxHead.bytes, headerCount: 1000),
            queue: TimeAmount(upstream.queue),
            idleTimeout: TimeAmount(upstream.idleTimeout)
        )
        let pools = targets.map { target in
            UpstreamPool(worker: worker, target: target, forwarder: forwarder, settings: settings)
        }
        let balancer = Balancer(
            policy: Balancer.Policy(upstream.balance),
            targets: targets.map { Balancer.Target(identity: $0.label, weight: $0.weight) },
            start: worker.index
        )
        let hashKey =
            upstream.balance == .hash ? HashKey(upstream.hashKey, makesCookie: upstream.setCookie) : nil
        return UpstreamCluster(name: name, worker: worker, pools: pools, balancer: balancer, hashKey: hashKey)
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
