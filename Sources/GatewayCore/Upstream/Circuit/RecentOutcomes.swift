import NIOCore

/// Counts successes and failures over a sliding window, in slots of a twentieth of it.
///
/// Outcomes older than the window never count. The oldest of the others are forgotten up to one slot early.
struct RecentOutcomes: Sendable, Equatable {
    private struct Slot: Equatable {
        var number: UInt64 = 0
        var successes = 0
        var failures = 0
    }

    private static let slotCount = 20

    /// The length of a slot in nanoseconds.
    let width: UInt64
    private var slots = Array(repeating: Slot(), count: Self.slotCount)

    init(window: TimeAmount) { self.width = Self.width(of: window) }

    static func width(of window: TimeAmount) -> UInt64 {
        max(1, UInt64(max(0, window.nanoseconds)) / UInt64(Self.slotCount))
    }

    func slot(at now: NIODeadline) -> UInt64 { now.uptimeNanoseconds / self.width }

    /// Counts outcomes in a slot. The current one may have overwritten it.
    mutating func count(successes: Int = 0, failures: Int = 0, in number: UInt64) {
        let index = Int(number % UInt64(Self.slotCount))
        if self.slots[index].number < number { self.slots[index] = Slot(number: number) }
        guard self.slots[index].number == number else { return }
        self.slots[index].successes += successes
        self.slots[index].failures += failures
    }

    func total(at now: NIODeadline) -> (successes: Int, failures: Int) {
        let current = self.slot(at: now)
        var total = (successes: 0, failures: 0)
        for slot in self.slots where slot.number + UInt64(Self.slotCount) > current {
            total.successes += slot.successes
            total.failures += slot.failures
        }
        return total
    }
}
