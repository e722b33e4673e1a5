import NIOCore

/// The spans of time that statistics are given for, the last ones up to now.
///
/// Each is made of slots, of which the oldest is dropped whole: what is told is never older than the window, and covers
/// at least three quarters of it.
enum PerformanceWindow: Int, CaseIterable, Sendable {
    case minute, fiveMinutes, fifteenMinutes

    var name: String {
        switch self {
        case .minute: "1m"
        case .fiveMinutes: "5m"
        case .fifteenMinutes: "15m"
        }
    }

    /// In nanoseconds. Each is a multiple of the first, so that nothing turns when that does not.
    var slotLength: UInt64 {
        switch self {
        case .minute: 15_000_000_000
        case .fiveMinutes: 60_000_000_000
        case .fifteenMinutes: 180_000_000_000
        }
    }

    var slotCount: Int {
        switch self {
        case .minute: 4
        case .fiveMinutes, .fifteenMinutes: 5
        }
    }

    /// Of the slot that a moment is in, from the clock's beginning.
    func slot(at now: NIODeadline) -> UInt64 { now.uptimeNanoseconds / self.slotLength }

    /// The oldest slot that still belongs to the window.
    func firstSlot(at now: NIODeadline) -> UInt64 {
        let slot = self.slot(at: now)
        return slot - min(slot, UInt64(self.slotCount - 1))
    }

    /// How long the window reaches back, where counting began at `start`.
    func covered(at now: NIODeadline, since start: NIODeadline) -> TimeAmount {
        let first = NIODeadline.uptimeNanoseconds(self.firstSlot(at: now) * self.slotLength)
        return now - min(now, max(first, start))
    }
}
