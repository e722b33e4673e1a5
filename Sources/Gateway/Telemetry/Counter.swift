/// A count that only grows. It belongs to one event loop; the loops' values are added when they are read.
public final class Counter {
    private var count: UInt64 = 0

    init() {}

    /// Counts `amount` more.
    public func add(_ amount: UInt64 = 1) {
        count &+= amount
    }

    var value: Double { Double(count) }
}

@available(*, unavailable)
extension Counter: Sendable {}
