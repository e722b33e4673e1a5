import GatewaySettings
import NIOCore

/// Bounds how many entries clients can cause: the first of a kind from an address are recorded at once, and further ones
/// once per minute with their number.
struct AuditFloods {
    /// How long occurrences are counted before their number is recorded.
    static let interval = TimeAmount.minutes(1)
    /// How many of one kind from one address are recorded at once.
    static let burst = 10
    /// How many of all are recorded at once in an interval.
    static let limit = 60
    /// The number of kinds and addresses that are distinguished at the same time.
    static let kinds = 20

    /// What is counted together.
    private struct Key: Hashable {
        let action: AuditAction
        /// The address, or the network of an IPv6 address; nil for all that are not distinguished.
        let address: String?
        let result: String
    }

    private struct Count {
        /// The first that was not recorded at once.
        var entry: AuditEntry?
        var recorded = 0
        var counted = 0
    }

    private var counts: [Key: Count] = [:]
    /// The number of all that were recorded at once in this interval.
    private var recorded = 0

    /// Whether an interval has begun.
    var isCounting: Bool { !self.counts.isEmpty }

    /// Handles something that a client did.
    ///
    /// - Parameter network: The address, or the network of an IPv6 address.
    /// - Returns: Whether to record it now. Otherwise it is counted.
    mutating func occurred(_ entry: AuditEntry, from network: String?) -> Bool {
        var key = Key(action: entry.action, address: network ?? "", result: entry.result)
        var entry = entry
        if self.counts[key] == nil, self.counts.count >= Self.kinds {
            key = Key(action: entry.action, address: nil, result: entry.result)
            entry = AuditEntry(
                entry.action,
                by: AuditActor(name: entry.actor.name),
                target: "other addresses",
                result: entry.result
            )
        }
        var count = self.counts[key, default: Count()]
        defer { self.counts[key] = count }
        if key.address != nil, count.recorded < Self.burst, self.recorded < Self.limit {
            count.recorded += 1
            self.recorded += 1
            return true
        }
        if count.counted == 0 { count.entry = entry }
        count.counted += 1
        return false
    }

    /// Ends the interval. Returns the entries to record. Those who were counted are counted again from the first one on,
    /// until an interval passes without them.
    mutating func endInterval() -> [AuditEntry] {
        let ended = self.counts.filter { $0.value.counted > 0 }
        self.counts = ended.filter { $0.key.address != nil }.mapValues { _ in Count(recorded: Self.burst) }
        self.recorded = 0
        return ended.values.compactMap { count in
            var entry = count.entry
            entry?.actor.requestID = nil
            entry?.after = ["count": .integer(count.counted)]
            return entry
        }.sorted { ($0.action.name, $0.actor.address ?? "~") < ($1.action.name, $1.actor.address ?? "~") }
    }
}
