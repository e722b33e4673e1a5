import Synchronization

/// A value for rare events on any thread, such as reloads and dropped log lines. Requests use the meters of a shard.
package final class SharedMeter: Sendable {
    private let bits = Atomic<UInt64>(Double(0).bitPattern)

    package init() {}

    package var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

    package func set(_ value: Double) {
        bits.store(value.bitPattern, ordering: .relaxed)
    }

    package func add(_ amount: Double = 1) {
        var current = bits.load(ordering: .relaxed)
        while true {
            let next = (Double(bitPattern: current) + amount).bitPattern
            let result = bits.weakCompareExchange(expected: current, desired: next, ordering: .relaxed)
            if result.exchanged { return }
            current = result.original
        }
    }
}
