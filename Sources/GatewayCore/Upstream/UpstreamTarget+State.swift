import NIOCore

extension UpstreamTarget {
    /// The condition of a target as a whole, which is up while at least one of its addresses is up.
    package struct Condition: Equatable {
        package enum State: String {
            case unknown, up, down, draining
        }

        package var state: State
        package var since: EndpointHealth.Moment
        /// Why the target is down, if it is.
        package var reason: String?
        package var nextTry: EndpointHealth.Moment?
        /// Whether health checks decide whether the target is up.
        package var isPolled = false

        /// Whether requests go to the target. A target that has not been tried yet counts as up, unless a health check
        /// is going to try it.
        package var isUp: Bool {
            switch self.state {
            case .up: true
            case .unknown: !self.isPolled
            case .down, .draining: false
            }
        }
    }

    package var condition: Condition {
        if let since = self.drainedSince { return Condition(state: .draining, since: since) }
        return Self.condition(
            of: self.endpoints.map(\.condition),
            self.lookUp,
            since: self.createdAt,
            isPolled: self.isPolled
        )
    }

    package var isUp: Bool { self.condition.isUp }

    /// Returns the condition of a target.
    ///
    /// - Parameter creation: When the target was created.
    package static func condition(
        of endpoints: [Condition],
        _ lookUp: LookUp,
        since creation: EndpointHealth.Moment,
        isPolled: Bool = false
    ) -> Condition {
        let up = endpoints.filter { $0.state == .up }
        if let first = up.min(by: { $0.since.now < $1.since.now }) { return first }
        if let unknown = endpoints.first(where: { $0.state == .unknown }) { return unknown }
        // The target has been down since the last of its addresses went down.
        if let last = endpoints.max(by: { $0.since.now < $1.since.now }) {
            var condition = last
            condition.nextTry = endpoints.compactMap(\.nextTry).min { $0.now < $1.now }
            return condition
        }
        if case .failed(_, let since) = lookUp {
            return Condition(state: .down, since: since, reason: UpstreamFailure.dns.rawValue)
        }
        return Condition(state: .unknown, since: creation, isPolled: isPolled)
    }
}

extension UpstreamEndpoint {
    package var condition: UpstreamTarget.Condition {
        let health = self.health
        var condition = UpstreamTarget.Condition(state: .unknown, since: health.since)
        switch health.state {
        case .unknown: break
        case .up: condition.state = .up
        case .down(let reason, let nextTry):
            condition.state = .down
            condition.reason = reason.rawValue
            condition.nextTry = nextTry
        }
        if let polling = self.pollResults { condition.apply(polling) }
        if self.isLeaving { condition.state = .draining }
        return condition
    }
}

extension UpstreamTarget.Condition {
    /// Applies the results of health checks. They decide, unless requests have found the endpoint unreachable.
    fileprivate mutating func apply(_ polling: EndpointPolling) {
        self.isPolled = true
        guard polling.health.state == .down || self.state != .down else { return }
        switch polling.health.state {
        case .unknown: self.state = .unknown
        case .up: self.state = .up
        case .down:
            self.state = .down
            self.reason = polling.failure?.reason
            self.nextTry = polling.nextPoll
        }
        self.since = polling.health.since
    }
}
