package import NIOCore
import Synchronization

/// Someone who uses the gateway under a name: the owner of an API key, the subject of a token, a user. Requests of one
/// name are one consumer's, whatever the kind of credential.
public final class Consumer: Sendable {
    /// The name, for logs, metrics and fields.
    public let name: String
    /// A small number, for tables of a worker.
    package let number: Int
    /// The requests in flight, for plans that limit them.
    package let inFlight = InFlightLimit()
    private let isOff = Atomic(false)
    private let requestCount = Atomic<UInt64>(0)
    private let limitedCount = Atomic<UInt64>(0)
    /// When the last request was accepted, in nanoseconds of the clock of event loops; 0 if there was none.
    private let seen = Atomic<UInt64>(0)
    private let profile = Mutex(Profile())

    /// What the credential of the consumer in the configuration says, else the last one.
    package struct Profile: Sendable {
        package fileprivate(set) var plan: String?
        package fileprivate(set) var scope: [String] = []
        /// Whether any of the consumer's keys works.
        package fileprivate(set) var isEnabled = true
        fileprivate var isConfigured = false
    }

    package init(name: String, number: Int) {
        self.name = name
        self.number = number
    }

    /// Whether an operator has turned the consumer off.
    package var isDisabled: Bool { self.isOff.load(ordering: .relaxed) }
    package func setDisabled(_ isDisabled: Bool) { self.isOff.store(isDisabled, ordering: .relaxed) }

    /// The number of accepted requests.
    package var requests: UInt64 { self.requestCount.load(ordering: .relaxed) }
    /// The number of requests over a limit.
    package var limited: UInt64 { self.limitedCount.load(ordering: .relaxed) }
    /// When the last request came; nil if there was none.
    package var lastSeen: NIODeadline? {
        let time = self.seen.load(ordering: .relaxed)
        return time == 0 ? nil : .uptimeNanoseconds(time)
    }

    /// Whether it has sent a request.
    package var isSeen: Bool { self.seen.load(ordering: .relaxed) != 0 }

    /// What its credential says.
    package var current: Profile { self.profile.withLock { $0 } }

    func noteCredential(plan: String?, scope: [String], isConfigured: Bool) {
        self.profile.withLock { profile in
            if profile.isConfigured, !isConfigured { return }
            (profile.plan, profile.scope, profile.isConfigured) = (plan, scope, isConfigured)
        }
    }

    /// The configuration does not name the consumer any more.
    func leaveConfiguration() { self.profile.withLock { ($0.isEnabled, $0.isConfigured) = (true, false) } }

    /// Notes whether any of the consumer's keys works.
    package func setEnabledByKeys(_ isEnabled: Bool) { self.profile.withLock { $0.isEnabled = isEnabled } }

    package func countRequest(at time: NIODeadline) {
        self.requestCount.add(1, ordering: .relaxed)
        self.seen.store(max(1, time.uptimeNanoseconds), ordering: .relaxed)
    }

    package func countLimited() { self.limitedCount.add(1, ordering: .relaxed) }
}
