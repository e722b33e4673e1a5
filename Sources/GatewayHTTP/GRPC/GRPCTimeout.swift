package import NIOCore

/// The value of `grpc-timeout`: at most eight digits, and a unit.
package enum GRPCTimeout {
    package static let field = HeaderName("grpc-timeout")

    private static let longestNumber = 8
    /// In nanoseconds, from the shortest.
    private static let units: [(letter: UInt8, length: Int64)] = [
        (UInt8(ascii: "n"), 1), (UInt8(ascii: "u"), 1_000), (UInt8(ascii: "m"), 1_000_000),
        (UInt8(ascii: "S"), 1_000_000_000), (UInt8(ascii: "M"), 60_000_000_000), (UInt8(ascii: "H"), 3_600_000_000_000),
    ]
    /// A year. Longer times are cut to it, so that sums of times cannot overflow.
    private static let longest = 365 * 24 * 3_600_000_000_000 as Int64

    /// Returns the time, or nil if the value is malformed.
    package static func parse(_ value: UnsafeRawBufferPointer) -> TimeAmount? {
        guard let letter = value.last, let unit = self.units.first(where: { $0.letter == letter }) else { return nil }
        let digits = value.dropLast()
        guard 1...self.longestNumber ~= digits.count, digits.allSatisfy({ $0 &- UInt8(ascii: "0") < 10 }) else {
            return nil
        }
        let number = digits.reduce(0) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
        let (product, overflow) = number.multipliedReportingOverflow(by: unit.length)
        return .nanoseconds(overflow ? self.longest : min(product, self.longest))
    }

    /// Writes a time in the finest unit that takes at most eight digits. It is rounded down, but at least 1.
    package static func write(_ time: TimeAmount, into output: inout HeadWriter) {
        let nanoseconds = max(1, time.nanoseconds)
        for unit in self.units where nanoseconds / unit.length < 100_000_000 {
            output.write(decimal: Int(nanoseconds / unit.length))
            return output.write(unit.letter)
        }
    }
}
