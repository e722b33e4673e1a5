/// A value that goes up and down. Each event loop has its own; the metric defines how they are merged.
public final class Gauge {
    package private(set) var value: Double = 0

    package init() {}

    /// Replaces the value.
    public func set(_ value: Double) {
        self.value = value
    }

    /// Raises the value.
    public func add(_ amount: Double = 1) {
        value += amount
    }

    /// Lowers the value.
    public func subtract(_ amount: Double = 1) {
        value -= amount
    }
}

@available(*, unavailable)
extension Gauge: Sendable {}
