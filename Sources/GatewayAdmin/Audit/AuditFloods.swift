import GatewaySettings
import NIOCore

/// Bounds how many entries clients can cause: the first of each kind from an address is recorded at once, then once per
/// minute the number since.
struct AuditFloods {
    /// How long occurrences are counted before they are recorded.
    static let interval = TimeAmount.minutes(1)
    /// The number of kinds and addresses that are distinguished at the same time.
    static let limit = 20

    /// What is counted together.
    private struct Key: Hashable {
        let action: AuditAction
        /// The address, or the network of an IPv6 address; nil for all that are not distinguished.
        let address: String?
        let result: String
    }

    private struct Count {
        var entry: AuditEntry
        var count = 0
    }

    private var counts: [Key: Count] = [:]

    /// Handles something that a client did.
    ///
    /// - Parameter network: The address, or the network of an IPv6 address.
    /// - Returns: The entry to record now; nil if it is counted.
    mutating func occurred(_ entry: AuditEntry, from network: String?) -> AuditEntry? {
        let key = Key(action: entry.action, address: network ?? "", result: entry.result)
        if self.counts[key] != nil {
            self.counts[key]?.count += 1
            return nil
        }
        if self.counts.count < Self.limit {
            self.counts[key] = Count(entry: entry)
            return entry
        }
        let others = Key(action: entry.action, address: nil, result: entry.result)
        var rest = AuditEntry(entry.action, by: AuditActor(name: entry.actor.name), result: entry.result)
        rest.target = "other addresses"
        self.counts[others, default: Count(entry: rest)].count += 1
        return nil
    }

    /// Ends the minute. Returns the entries to record; what occurred only once is forgotten.
    mutating func endInterval() -> [AuditEntry] {
        let ended = self.counts.filter { $0.value.count > 0 }
        self.counts = ended.mapValues { Count(entry: $0.entry) }
        for key in self.counts.keys where key.address == nil { self.counts[key] = nil }
        return ended.values.map { count in
            var entry = count.entry
            entry.actor.requestID = nil
            entry.after = ["count": .integer(count.count)]
            return entry
        }.sorted { ($0.action.name, $0.actor.address ?? "~") < ($1.action.name, $1.actor.address ?? "~") }
    }

    /// Whether an interval has begun.
    var isCounting: Bool { !self.counts.isEmpty }
}
