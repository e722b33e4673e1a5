/// What happened to requests in a period.
package struct Traffic: Sendable {
    package var durations = DurationSummary()
    package var statuses = StatusCounts()

    package init() {}

    package mutating func add(_ other: Traffic) {
        self.durations.add(other.durations)
        self.statuses.add(other.statuses)
    }
}

/// How many requests had a status of each class.
package struct StatusCounts: Sendable, Hashable {
    /// By the first digit of the status. The first one counts what is no status.
    private var counts = SIMD8<UInt64>()

    package init() {}

    /// - Parameter counts: ``size`` numbers, by ``place(of:)``.
    init(_ counts: some Sequence<UInt64>) { self.counts = SIMD8(counts) }

    /// How many numbers there are.
    static let size = 8
    /// The classes of statuses, in order.
    package static let classes = 1...5

    /// Where a status counts.
    static func place(of status: Int) -> Int {
        let place = status / 100
        return self.classes.contains(place) ? place : 0
    }

    /// - Parameter class: 1 to 5.
    package subscript(class: Int) -> UInt64 { self.counts[`class`] }

    package var total: UInt64 { self.counts.wrappedSum() }

    package mutating func add(_ other: StatusCounts) { self.counts &+= other.counts }
}
