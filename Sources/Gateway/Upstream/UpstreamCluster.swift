import GatewayHTTP1
import NIOCore

/// One upstream on one event loop: its targets' pools, and the choice between them.
final class UpstreamCluster: Upstream {
    let name: String
    private let worker: Worker
    private let pools: [UpstreamPool]
    private let hashKey: HashKey?
    private let targets: TargetSet
    private var balancer: Balancer

    init(name: String, worker: Worker, pools: [UpstreamPool], balancer: Balancer, hashKey: HashKey?) {
        self.name = name
        self.worker = worker
        self.pools = pools
        self.balancer = balancer
        self.hashKey = hashKey
        self.targets = TargetSet(allOf: pools.count)
        for (index, pool) in pools.enumerated() { pool.belongs(to: self, at: index) }
    }

    /// Finds the exchange a target and a connection there, now or later.
    func take(_ exchange: Exchange) {
        let hash = self.hashKey?.hash(of: exchange) ?? 0
        guard let index = self.balancer.pick(available: self.targets, hash: hash, using: &self.worker.random) else {
            return exchange.fail(GatewayError(.noHealthyUpstream, retryAfter: 1), from: nil)
        }
        self.balancer.started(index)
        self.pools[index].take(exchange)
    }

    /// A request that went to this target needs it no longer.
    func finished(_ index: Int) { self.balancer.finished(index) }

    func stop() { for pool in self.pools { pool.stop() } }
}

@available(*, unavailable)
extension UpstreamCluster: Sendable {}
