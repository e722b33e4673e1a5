import NIOCore

/// The forms of the current second that each response and each log line needs, made once per second.
struct DateCache {
    private var second: Int64?
    private var date: [UInt8] = []
    private var timestamp: [UInt8] = []
    private var logTime: [UInt8] = []

    /// Writes the `Date` field's value, such as `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7).
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

/// A second in the Gregorian calendar, in UTC.
struct CivilTime: Hashable {
    let year: Int64
    /// 1 to 12.
    let month: Int
    /// 1 to 31.
    let day: Int
    let hour: Int
    let minute: Int
    let second: Int
    /// 0 is Sunday.
    let weekday: Int

    /// - Parameter second: since 1970; what lies outside the years 0 to 9999 becomes their first or last second.
    init(second: Int64) {
        let bounded = min(max(second, -62_167_219_200), 253_402_300_799)
        let days = bounded.flooredQuotient(86_400)
        let time = Int(bounded - days * 86_400)
        hour = time / 3600
        minute = time / 60 % 60
        self.second = time % 60
        weekday = Int((days % 7 + 11) % 7)

        // The year begins in March here, so that the leap day is its last: months then follow one formula. Days are
        // counted from 0000-03-01 in eras of 400 years, each of 146,097 days.
        let shifted = days + 719_468
        let era = shifted.flooredQuotient(146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = Int((5 * dayOfYear + 2) / 153)
        day = Int(dayOfYear) - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    var imfFixdate: [UInt8] {
        let names = Self.weekdays[weekday]
        let monthName = Self.months[month - 1]
        return Array("\(names), \(two(day)) \(monthName) \(four(year)) \(clock) GMT".utf8)
    }

    /// In UTC, such as `1994-11-06T08:49:37Z`.
    /// - Parameter milliseconds: since 1970.
    static func rfc3339(milliseconds: Int64) -> String {
        String(decoding: Self(second: milliseconds.flooredQuotient(1000)).rfc3339Second, as: UTF8.self) + "Z"
    }

    /// Without fraction and zone.
    var rfc3339Second: [UInt8] {
        Array("\(four(year))-\(two(month))-\(two(day))T\(clock)".utf8)
    }

    /// The form of the common log format.
    var logTime: [UInt8] {
        Array("\(two(day))/\(Self.months[month - 1])/\(four(year)):\(clock) +0000".utf8)
    }

    private var clock: String { "\(two(hour)):\(two(minute)):\(two(second))" }

    private func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    private func four(_ number: Int64) -> String { String("000\(number)".suffix(4)) }

    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}

extension Int64 {
    fileprivate func flooredQuotient(_ divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}

extension UInt8 {
    fileprivate init(digit: Int64) {
        self = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: digit)
    }
}
