/// The reasons that keep requests from an endpoint. None: it serves requests. `Rotation` weighs them up.
struct EndpointAvailability: OptionSet, Sendable, Hashable {
    let rawValue: UInt8

    /// It failed recently. A connection in the background finds out when it is back.
    static let unreachable = Self(rawValue: 1)
    /// Its health checks fail.
    static let unhealthy = Self(rawValue: 2)
    /// Its health checks have no result yet.
    static let unchecked = Self(rawValue: 4)
    /// Its circuit breaker is open.
    static let circuitOpen = Self(rawValue: 8)
    /// Its circuit breaker lets one request through at a time.
    static let circuitHalfOpen = Self(rawValue: 16)
    /// An operator drains its target, or gave it weight 0.
    static let drained = Self(rawValue: 32)
}

/// The endpoints of a cluster by whether requests may go to them.
struct Rotation: Sendable, Equatable {
    /// Receive requests.
    private(set) var available = TargetSet()
    /// Receive requests only while no endpoint is available.
    private(set) var unchecked = TargetSet()
    /// Receive one request at a time, which decides whether the circuit closes.
    private(set) var halfOpen = TargetSet()
    /// Receive a request only if no other endpoint is left.
    private(set) var unreachable = TargetSet()
    /// Receive requests only if all endpoints are unhealthy and the upstream tries them then.
    private(set) var unhealthy = TargetSet()
    /// Receive no request.
    private(set) var circuitOpen = TargetSet()

    /// Whether health checks say that all endpoints are down.
    var hasOnlyUnhealthy: Bool {
        self.available.isEmpty && self.unchecked.isEmpty && self.halfOpen.isEmpty && self.unreachable.isEmpty
    }

    mutating func add(_ index: Int, _ reasons: EndpointAvailability) {
        if reasons.contains(.drained) { return }
        if reasons.contains(.circuitOpen) { return self.circuitOpen.insert(index) }
        if reasons.contains(.unhealthy) { return self.unhealthy.insert(index) }
        if reasons.contains(.unreachable) { return self.unreachable.insert(index) }
        if reasons.contains(.circuitHalfOpen) { return self.halfOpen.insert(index) }
        if reasons.contains(.unchecked) { return self.unchecked.insert(index) }
        self.available.insert(index)
    }

    mutating func remove(_ index: Int) {
        self.available.remove(index)
        self.unchecked.remove(index)
        self.halfOpen.remove(index)
        self.unreachable.remove(index)
        self.unhealthy.remove(index)
        self.circuitOpen.remove(index)
    }
}
