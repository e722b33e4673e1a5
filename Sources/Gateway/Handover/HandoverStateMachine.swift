import GatewayCore
package import NIOCore

/// The replacement of this process by a successor: one at a time, and only if the successor becomes ready.
///
/// It starts no process and reads no clock. `Handover` does.
package struct HandoverStateMachine: Hashable, Sendable {
    /// How long a successor may take until it is ready.
    package static let readyTime = TimeAmount.seconds(30)
    /// How long a successor that was told to end may take before it is killed.
    package static let endTime = TimeAmount.seconds(5)

    package private(set) var state = State.idle

    package init() {}

    package enum State: Hashable, Sendable {
        /// → starting, ending
        case idle
        /// The successor has started and is not ready yet. → handedOver, dismissing, idle, ending
        case starting(successor: CInt, until: NIODeadline)
        /// The successor was told to end. → idle, ending
        case dismissing(successor: CInt, until: NIODeadline)
        /// The successor serves. Final.
        case handedOver(successor: CInt)
        /// This process ends without a successor. Final.
        case ending
    }

    // MARK: The request

    package enum OnRequest: Hashable {
        /// Start a successor, and report it with ``started(_:at:)``.
        case start
        case refuse(Refusal)
    }

    package enum Refusal: Hashable, CustomStringConvertible {
        /// A container ends with its first process, so no successor could live on.
        case isFirstProcess
        case isUnderWay(successor: CInt)
        case isHandedOver(successor: CInt)
        case isEnding

        package var description: String {
            switch self {
            case .isFirstProcess: "process 1 cannot hand over, because its container ends with it"
            case .isUnderWay(let successor): "a handover to process \(successor) is in progress"
            case .isHandedOver(let successor): "process \(successor) has already taken over"
            case .isEnding: "the gateway is shutting down"
            }
        }
    }

    package func requested(process: CInt) -> OnRequest {
        switch self.state {
        case .idle: process == 1 ? .refuse(.isFirstProcess) : .start
        case .starting(let successor, _), .dismissing(let successor, _): .refuse(.isUnderWay(successor: successor))
        case .handedOver(let successor): .refuse(.isHandedOver(successor: successor))
        case .ending: .refuse(.isEnding)
        }
    }

    package mutating func started(_ successor: CInt, at now: NIODeadline) {
        guard self.state == .idle else { return }
        self.state = .starting(successor: successor, until: now + Self.readyTime)
    }

    // MARK: The successor

    package enum OnReady: Hashable {
        /// Let the successor accept connections, and drain.
        case handOver
        /// It is too late.
        case ignore
    }

    package mutating func successorReady() -> OnReady {
        guard case .starting(let successor, _) = self.state else { return .ignore }
        self.state = .handedOver(successor: successor)
        return .handOver
    }

    package enum OnEnd: Hashable {
        /// Report that the handover failed, and continue to serve.
        case fail(Failure)
        case ignore
    }

    package enum Failure: Hashable, CustomStringConvertible {
        case ended(ProcessEnd)
        case notReady

        package var description: String {
            switch self {
            case .ended(let end): "the new process \(end) before it was ready"
            case .notReady:
                "the new process was not ready within "
                    + Plural.of(HandoverStateMachine.readyTime.nanoseconds / 1_000_000_000, "second")
            }
        }
    }

    package mutating func successorEnded(_ end: ProcessEnd) -> OnEnd {
        switch self.state {
        case .starting:
            self.state = .idle
            return .fail(.ended(end))
        case .dismissing:
            self.state = .idle
            return .fail(.notReady)
        case .idle, .handedOver, .ending: return .ignore
        }
    }

    package enum OnTime: Hashable {
        case wait
        /// Tell the successor to end.
        case terminate(CInt)
        /// End the successor.
        case kill(CInt)
    }

    package mutating func timePassed(at now: NIODeadline) -> OnTime {
        switch self.state {
        case .starting(let successor, let until) where until <= now:
            self.state = .dismissing(successor: successor, until: now + Self.endTime)
            return .terminate(successor)
        case .dismissing(let successor, let until) where until <= now: return .kill(successor)
        default: return .wait
        }
    }

    // MARK: This process

    /// This process was told to end. Returns the successor, which must end too.
    package mutating func ownEnd() -> OnTime {
        defer { if case .handedOver = self.state {} else { self.state = .ending } }
        switch self.state {
        case .starting(let successor, _), .dismissing(let successor, _): return .terminate(successor)
        case .idle, .handedOver, .ending: return .wait
        }
    }

    /// Whether another process is the gateway now.
    package var isHandedOver: Bool { if case .handedOver = self.state { true } else { false } }
}
