/// The ID of an event: a UUIDv7 (RFC 9562 section 5.7).
package struct EventID: Hashable, Comparable, Sendable {
    /// 48 bits of milliseconds since 1970, the version, and 12 bits that count within a millisecond.
    let high: UInt64
    /// The variant and 62 random bits.
    let low: UInt64

    init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Reads the form of ``description``; nil if it is no UUID.
    package init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard bytes.count == 36 else { return nil }
        var digits: [UInt64] = []
        for (index, byte) in bytes.enumerated() {
            if [8, 13, 18, 23].contains(index) {
                guard byte == UInt8(ascii: "-") else { return nil }
            } else {
                guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
                digits.append(UInt64(digit))
            }
        }
        self.high = digits[..<16].reduce(0) { $0 << 4 | $1 }
        self.low = digits[16...].reduce(0) { $0 << 4 | $1 }
    }

    package static func < (a: EventID, b: EventID) -> Bool { (a.high, a.low) < (b.high, b.low) }
}

extension EventID: CustomStringConvertible {
    package var description: String {
        var text = ""
        for (index, byte) in [self.high, self.low].flatMap({ word in
            (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * $0)) }
        })
        .enumerated() {
            if [4, 6, 8, 10].contains(index) { text.append("-") }
            text.append(byte < 16 ? "0" : "")
            text.append(String(byte, radix: 16))
        }
        return text
    }
}

/// Makes IDs that rise, even if the clock is set back.
package struct EventIDs: Sendable {
    private var last: UInt64 = 0

    package init() {}

    /// - Parameters:
    ///   - milliseconds: Milliseconds since 1970.
    ///   - random: 64 random bits.
    package mutating func next(at milliseconds: Int64, random: UInt64) -> EventID {
        // 48 bits of time and 12 of a count. A count that overflows moves on to the next millisecond.
        let now = UInt64(max(milliseconds, 0)) << 12
        self.last = max(now, self.last + 1)
        let high = (self.last >> 12) << 16 | 0x7000 | self.last & 0xfff
        return EventID(high: high, low: random >> 2 | 1 << 63)
    }
}
