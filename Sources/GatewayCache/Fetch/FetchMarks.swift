/// The URLs whose last response proved not to be for sharing, for a while. Bounded: when it is full, the oldest half is
/// forgotten.
package struct FetchMarks: Sendable {
    package enum Mark: Hashable, Sendable {
        /// Nobody else may have the response, so nobody waits for it.
        case unshared
        /// The response is too large to be stored, so requests go upstream as the client sent them.
        case tooLarge
    }

    private struct Entry {
        let mark: Mark
        let until: Int64
    }

    /// In milliseconds.
    static let unsharedFor: Int64 = 60_000
    static let tooLargeFor: Int64 = 600_000

    private var entries: [CacheKey: Entry] = [:]
    private let capacity: Int

    package init(capacity: Int = 4096) { self.capacity = max(2, capacity) }

    package var count: Int { self.entries.count }

    /// Milliseconds on a clock that never goes back.
    package func mark(of key: CacheKey, at now: Int64) -> Mark? {
        guard let entry = self.entries[key], now < entry.until else { return nil }
        return entry.mark
    }

    package mutating func set(_ mark: Mark, for key: CacheKey, at now: Int64) {
        if self.entries.count >= self.capacity, self.entries[key] == nil { self.makeRoom(at: now) }
        let length = mark == .unshared ? Self.unsharedFor : Self.tooLargeFor
        self.entries[key] = Entry(mark: mark, until: now + length)
    }

    package mutating func remove(_ key: CacheKey) { self.entries[key] = nil }

    private mutating func makeRoom(at now: Int64) {
        self.entries = self.entries.filter { now < $0.value.until }
        guard self.entries.count >= self.capacity else { return }
        let ends = self.entries.values.map(\.until).sorted()
        let middle = ends[ends.count / 2]
        self.entries = self.entries.filter { $0.value.until > middle }
    }
}
