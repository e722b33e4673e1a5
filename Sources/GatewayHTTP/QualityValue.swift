/// A weight in thousandths (RFC 9110 section 12.4.2).
package enum QualityValue {
    /// Parses a number from 0 to 1 with at most three decimals. Returns nil for anything else.
    package static func parse(_ bytes: UnsafeRawBufferPointer) -> Int? {
        guard (1...5).contains(bytes.count), bytes[0] & 0xFE == UInt8(ascii: "0") else { return nil }
        guard bytes.count == 1 || bytes[1] == UInt8(ascii: ".") else { return nil }
        var weight = Int(bytes[0] & 1) * 1000
        var unit = 100
        for byte in bytes.dropFirst(2) {
            guard byte &- UInt8(ascii: "0") < 10 else { return nil }
            weight += Int(byte & 0x0F) * unit
            unit /= 10
        }
        return weight <= 1000 ? weight : nil
    }
}
