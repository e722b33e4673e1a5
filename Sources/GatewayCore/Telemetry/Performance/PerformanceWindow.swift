package import NIOCore

/// The periods that statistics cover, up to now.
///
/// A window consists of slots, and drops its oldest slot as a whole. It never covers more than its length, and always
/// at least three quarters of it.
package enum PerformanceWindow: Int, CaseIterable, Sendable {
    case minute, fiveMinutes, fifteenMinutes

    package var name: String {
        switch self {
        case .minute: "1m"
        case .fiveMinutes: "5m"
        case .fifteenMinutes: "15m"
        }
    }

    /// In nanoseconds. A multiple of the first window's length, so that all slots start with one of the first window.
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

    /// The slot of a time, counted from the zero of the clock.
    package func slot(at now: NIODeadline) -> UInt64 { now.uptimeNanoseconds / self.slotLength }

    /// The oldest slot that belongs to the window.
    func firstSlot(at now: NIODeadline) -> UInt64 {
        let slot = self.slot(at: now)
        return slot - min(slot, UInt64(self.slotCount - 1))
    }

    /// How far the window reaches back, if counting started at `start`.
    package func covered(at now: NIODeadline, since start: NIODeadline) -> TimeAmount {
        let first = NIODeadline.uptimeNanoseconds(self.firstSlot(at: now) * self.slotLength)
        return now - min(now, max(first, start))
    }
}
