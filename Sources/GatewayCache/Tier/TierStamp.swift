/// The position of a purge in the stream that all gateways share: the ID that Redis gave it, in one number.
///
/// A gateway that has seen a stamp knows all purges up to it, so a value that carries the stamp needs to be compared only with
/// later ones.
package struct TierStamp: RawRepresentable, Hashable, Comparable, Sendable {
    /// Milliseconds in the upper 48 bits, the number within the millisecond in the lower 16.
    package let rawValue: UInt64

    /// Before every purge.
    package static let none = TierStamp(rawValue: 0)

    package init(rawValue: UInt64) { self.rawValue = rawValue }

    /// Reads an ID such as `1700000000000-1`. Nil if it is none, or so large that no clock has made it: the last that fits
    /// would leave no room for the purges after it.
    package init?(id: some StringProtocol) {
        let parts = id.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ $0.utf8.allSatisfy(Self.isDigit) }) else { return nil }
        guard let milliseconds = UInt64(parts[0]), let number = UInt64(parts[1]) else { return nil }
        guard milliseconds < 1 << 47 else { return nil }
        self.rawValue = milliseconds << 16 | min(number, 0xFFFF)
    }

    package var milliseconds: UInt64 { self.rawValue >> 16 }

    /// The ID in the form that Redis reads.
    package var id: String { "\(self.milliseconds)-\(self.rawValue & 0xFFFF)" }

    /// The first stamp after this one.
    package var next: TierStamp { TierStamp(rawValue: self.rawValue == .max ? .max : self.rawValue + 1) }

    package static func < (left: TierStamp, right: TierStamp) -> Bool { left.rawValue < right.rawValue }

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }
}
