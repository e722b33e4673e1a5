/// Whether the gateway drains: because an operator asked for it, which can be taken back, or because it ends.
package struct DrainStateMachine: Hashable, Sendable {
    package private(set) var state = State.serving

    package enum State: Hashable, Sendable {
        /// → draining, ending
        case serving
        /// Drains until told otherwise. → serving, ending
        case draining
        /// Drains and then ends. Final.
        case ending
    }

    package init() {}

    package var isDraining: Bool { self.state != .serving }

    package enum OnStart: Hashable {
        /// Answer that the gateway is not ready, and end keep-alive.
        case drain
        case unchanged
    }

    /// An operator asks for a drain.
    package mutating func start() -> OnStart {
        guard self.state == .serving else { return .unchanged }
        self.state = .draining
        return .drain
    }

    package enum OnCancel: Hashable {
        /// Keep connections alive again.
        case serve
        /// There is nothing to take back, or the gateway ends and it is too late.
        case unchanged
    }

    /// An operator takes the drain back.
    package mutating func cancel() -> OnCancel {
        guard self.state == .draining else { return .unchanged }
        self.state = .serving
        return .serve
    }

    /// The gateway ends. Returns `unchanged` if it already does.
    package mutating func end() -> OnStart {
        guard self.state != .ending else { return .unchanged }
        self.state = .ending
        return .drain
    }
}
