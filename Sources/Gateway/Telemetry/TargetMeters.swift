import NIOCore

/// The meters of one target on one event loop, over all of its addresses.
final class TargetMeters {
    let active: Gauge
    let idle: Gauge
    let queue: Histogram
    private let duration: Histogram
    private let up: Gauge
    private var samplers: [MeterShard.SamplerID] = []
    private let shard: MeterShard
    private let labels: [String]
    private var requests = SeriesCache<Counter>()

    /// How an attempt to connect ended.
    enum ConnectResult: String {
        case ok, refused, timeout, error
    }

    init(target: UpstreamTarget, shard: MeterShard) {
        self.shard = shard
        self.labels = [target.upstream, target.label]
        shard.admit(upstream: target.upstream, target: target.label)
        self.active = shard.gauge(Metrics.upstreamConnections, self.labels + ["active"])
        self.idle = shard.gauge(Metrics.upstreamConnections, self.labels + ["idle"])
        self.queue = shard.histogram(Metrics.upstreamQueue, [target.upstream])
        self.duration = shard.histogram(Metrics.upstreamRequestDuration, self.labels)
        self.up = shard.gauge(Metrics.upstreamTargetUp, self.labels)
        let up = self.up
        self.sample { up.set(target.isUp ? 1 : 0) }
    }

    /// Runs `body` before each reading, until ``stop()``.
    func sample(_ body: @escaping () -> Void) { self.samplers.append(self.shard.addSampler(body)) }

    /// The gauges are another's to set.
    func stop() {
        for sampler in self.samplers { self.shard.removeSampler(sampler) }
        self.samplers = []
    }

    func answered(status: Int, after duration: TimeAmount) {
        self.requests.meter(for: UInt32(truncatingIfNeeded: status)) {
            self.shard.counter(Metrics.upstreamRequests, self.labels + [String(status)])
        }.add()
        self.duration.observe(nanoseconds: UInt64(max(0, duration.nanoseconds)))
    }

    func connected(_ result: ConnectResult) {
        self.shard.counter(Metrics.upstreamConnects, self.labels + [result.rawValue]).add()
    }

    func retried(_ reason: String) {
        self.shard.counter(Metrics.upstreamRetries, [self.labels[0], reason]).add()
    }
}
