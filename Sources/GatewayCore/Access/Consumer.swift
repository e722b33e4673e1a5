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
    /// Milliseconds since 1970; 0 if there was no request.
    private let seen = Atomic<Int64>(0)

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
    /// When the last request came, in milliseconds since 1970; nil if there was none.
    package var lastSeen: Int64? {
        let time = self.seen.load(ordering: .relaxed)
        return time == 0 ? nil : time
    }

    package func countRequest(at milliseconds: Int64) {
        self.requestCount.add(1, ordering: .relaxed)
        self.seen.store(milliseconds, ordering: .relaxed)
    }

    package func countLimited() { self.limitedCount.add(1, ordering: .relaxed) }
}
