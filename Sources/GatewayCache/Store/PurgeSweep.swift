/// A purge that is under way: where it is in the store, and how much it has found.
package struct PurgeSweep: Sendable {
    let purge: Purge
    let stamp: PurgeStamp
    /// In milliseconds, when the purge was made.
    let now: Int64
    /// The shard and the slot before which to go on. Nil: its end.
    var shard = 0
    var slot: Int?
    /// How many responses were removed or made stale so far.
    package internal(set) var count = 0

    init(_ purge: Purge, stamp: PurgeStamp, at now: Int64) {
        self.purge = purge
        self.stamp = stamp
        self.now = now
    }

    func concerns(_ response: StoredResponse) -> Bool {
        response.askedAt < self.stamp && self.purge.matches(response)
    }
}
