package import NIOCore
import Synchronization

/// The results of the health checks of one endpoint.
package struct EndpointPolling: Sendable, Equatable {
    package var health: PolledHealth
    package var lastPoll: EndpointHealth.Moment?
    package var nextPoll: EndpointHealth.Moment?
    /// How long the last poll took.
    package var latency: TimeAmount?
    /// Whether the last poll succeeded. Nil before the first one.
    package var hasSucceeded: Bool?
    /// Why the last failed poll failed. Nil once the endpoint is up and the last poll succeeded.
    package var failure: PollFailure?
    package var count = 0

    package init(health: PolledHealth) { self.health = health }

    /// Summarizes the addresses of a target. The target is up while one of them is; results are those of the last poll.
    ///
    /// - Returns: Nil without addresses.
    package static func whole(of addresses: [EndpointPolling]) -> EndpointPolling? {
        guard var whole = addresses.max(by: { ($0.lastPoll?.time ?? 0) < ($1.lastPoll?.time ?? 0) }) else { return nil }
        let order: [PolledHealth.State] = [.up, .unknown, .down]
        for state in order {
            let members = addresses.filter { $0.health.state == state }
            // Up since the first address came up, down since the last one went down.
            let moments = members.map(\.health.since)
            let since = state == .down ? moments.max { $0.now < $1.now } : moments.min { $0.now < $1.now }
            guard let since else { continue }
            whole.health.summarize(state, since: since)
            break
        }
        whole.nextPoll = addresses.compactMap(\.nextPoll).min { $0.time < $1.time }
        whole.count = addresses.reduce(0) { $0 + $1.count }
        return whole
    }
}

extension UpstreamEndpoint {
    /// The results of health checks. Nil without health checks.
    package var pollResults: EndpointPolling? { self.polling.withLock { $0 } }

    /// Begins or ends health checks. An endpoint receives requests before its first result only if no other is up.
    func setPolled(_ isPolled: Bool, at moment: EndpointHealth.Moment = .current) {
        self.polling.withLock { polling in
            guard isPolled != (polling != nil) else { return }
            polling = isPolled ? EndpointPolling(health: PolledHealth(since: moment)) : nil
            self.set(.unchecked, isPolled)
            guard !isPolled else { return }
            self.share.store(SlowStart.full, ordering: .relaxed)
            self.set(.unhealthy, false)
        }
    }

    /// Records the result of a poll and applies its verdict for all workers at once.
    ///
    /// - Parameters:
    ///   - latency: How long the poll took.
    ///   - share: The first share of an endpoint that recovers.
    func polled(
        _ result: Result<Void, PollFailure>,
        after latency: TimeAmount,
        _ thresholds: PolledHealth.Thresholds,
        share: Int,
        at moment: EndpointHealth.Moment
    ) -> PolledHealth.OnResult {
        self.polling.withLock { polling in
            guard var results = polling else { return .unchanged }
            defer { polling = results }
            results.count += 1
            results.lastPoll = moment
            results.latency = latency
            switch result {
            case .success:
                results.hasSucceeded = true
                let verdict = results.health.succeeded(thresholds, at: moment)
                if results.health.state == .up { results.failure = nil }
                if verdict == .recovered { self.share.store(share, ordering: .relaxed) }
                if verdict == .confirmed || verdict == .recovered { self.set([.unchecked, .unhealthy], false) }
                return verdict
            case .failure(let failure):
                results.hasSucceeded = false
                results.failure = failure
                guard failure.concernsTarget else { return .unchanged }
                let verdict = results.health.failed(thresholds, at: moment)
                if verdict == .wentDown {
                    self.set(.unhealthy, true)
                    self.set(.unchecked, false)
                }
                return verdict
            }
        }
    }

    func pollPlanned(for moment: EndpointHealth.Moment) { self.polling.withLock { $0?.nextPoll = moment } }

    /// Changes the share of requests in percent, and notifies the workers.
    func warm(to share: Int) {
        if self.share.exchange(share, ordering: .relaxed) != share { self.announce() }
    }
}
