/// Bounds what one worker is writing to the second tier. Responses beyond that are not written: they are in memory, and the
/// next gateway fetches them.
package struct TierWrites: Sendable {
    package static let maximumBytes = 16 << 20
    package static let maximumCount = 256

    package private(set) var bytes = 0
    package private(set) var count = 0

    package init() {}

    /// Returns whether a value of this size may be written. ``end(_:)`` must follow if so.
    package mutating func begin(_ size: Int) -> Bool {
        guard self.count < Self.maximumCount, size <= Self.maximumBytes - self.bytes else { return false }
        self.count += 1
        self.bytes += size
        return true
    }

    package mutating func end(_ size: Int) {
        self.count -= 1
        self.bytes -= size
    }
}
