import GatewayHTTP
import NIOCore

/// Formats the current second for responses and log lines, once per second.
struct DateCache {
    private var second: Int64?
    private var date: [UInt8] = []
    private var timestamp: [UInt8] = []
    private var logTime: [UInt8] = []

    /// Writes the `Date` field's value, such as `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 section 5.6.7).
    mutating func writeDate(second: Int64, into buffer: inout ByteBuffer) {
        buffer.writeBytes(imfFixdate(second: second))
    }

    /// The `Date` field's value, 29 bytes.
    mutating func imfFixdate(second: Int64) -> [UInt8] {
        update(to: second)
        return date
    }

    /// Writes the time in UTC, such as `1994-11-06T08:49:37.123Z` (RFC 3339).
    /// - Parameter milliseconds: since 1970.
    mutating func writeTimestamp(milliseconds: Int64, into line: inout LogLine) {
        let second = milliseconds.flooredQuotient(1000)
        update(to: second)
        let fraction = milliseconds - second * 1000
        line.write(timestamp)
        line.write(UInt8(ascii: "."))
        line.write(UInt8(digit: fraction / 100))
        line.write(UInt8(digit: fraction / 10 % 10))
        line.write(UInt8(digit: fraction % 10))
        line.write(UInt8(ascii: "Z"))
    }

    /// Writes the time of day in UTC, such as `08:49:37.123`.
    mutating func writeTimeOfDay(milliseconds: Int64, into line: inout LogLine) {
        let second = milliseconds.flooredQuotient(1000)
        update(to: second)
        let fraction = milliseconds - second * 1000
        timestamp.withUnsafeBytes { line.write(UnsafeRawBufferPointer(rebasing: $0.suffix(8))) }
        line.write(UInt8(ascii: "."))
        line.write(UInt8(digit: fraction / 100))
        line.write(UInt8(digit: fraction / 10 % 10))
        line.write(UInt8(digit: fraction % 10))
    }

    /// Writes the time as web servers log it, such as `06/Nov/1994:08:49:37 +0000`.
    mutating func writeLogTime(milliseconds: Int64, into line: inout LogLine) {
        update(to: milliseconds.flooredQuotient(1000))
        line.write(logTime)
    }

    private mutating func update(to second: Int64) {
        guard self.second != second else { return }
        self.second = second
        let time = CivilTime(second: second)
        date = time.imfFixdate
        timestamp = time.rfc3339Second
        logTime = time.logTime
    }
}

extension UInt8 {
    fileprivate init(digit: Int64) {
        self = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: digit)
    }
}
