/// A value that only grows. Each event loop has its own; readers see the sum.
public final class Counter {
    private var count: UInt64 = 0

    package init() {}

    /// Adds `amount`.
    public func add(_ amount: UInt64 = 1) {
        count &+= amount
    }

    package var value: Double { Double(count) }
}

@available(*, unavailable)
extension Counter: Sendable {}
