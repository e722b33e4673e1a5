/// A date and time in the Gregorian calendar, in UTC, with second precision.
package struct CivilTime: Hashable {
    let year: Int64
    /// 1 to 12.
    let month: Int
    /// 1 to 31.
    package let day: Int
    package let hour: Int
    package let minute: Int
    package let second: Int
    /// 0 is Sunday.
    let weekday: Int

    /// Creates the date of a Unix time.
    ///
    /// - Parameter second: Seconds since 1970, clamped to the years 0 to 9999.
    package init(second: Int64) {
        let bounded = min(max(second, -62_167_219_200), 253_402_300_799)
        let days = bounded.flooredQuotient(86_400)
        let time = Int(bounded - days * 86_400)
        hour = time / 3600
        minute = time / 60 % 60
        self.second = time % 60
        weekday = Int((days % 7 + 11) % 7)

        // Years start in March here, so that the leap day is the last day of the year and one formula gives all
        // months. Days are counted from 0000-03-01, in eras of 400 years (146,097 days).
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

    /// The format of HTTP fields, such as `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 section 5.6.7).
    package var imfFixdate: [UInt8] {
        let names = Self.weekdays[weekday]
        let monthName = Self.months[month - 1]
        return Array("\(names), \(two(day)) \(monthName) \(four(year)) \(clock) GMT".utf8)
    }

    /// Returns a time in UTC, such as `1994-11-06T08:49:37Z`.
    ///
    /// - Parameter milliseconds: Milliseconds since 1970.
    package static func rfc3339(milliseconds: Int64) -> String {
        String(decoding: Self(second: milliseconds.flooredQuotient(1000)).rfc3339Second, as: UTF8.self) + "Z"
    }

    /// Returns a time in UTC, such as `1994-11-06T08:49:37.250Z`.
    ///
    /// - Parameter milliseconds: Milliseconds since 1970.
    package static func rfc3339WithMilliseconds(_ milliseconds: Int64) -> String {
        let second = milliseconds.flooredQuotient(1000)
        let fraction = String("00\(milliseconds - second * 1000)".suffix(3))
        return String(decoding: Self(second: second).rfc3339Second, as: UTF8.self) + ".\(fraction)Z"
    }

    /// The RFC 3339 format without fraction and zone.
    package var rfc3339Second: [UInt8] {
        Array("\(four(year))-\(two(month))-\(two(day))T\(clock)".utf8)
    }

    /// The format of the Common Log Format.
    package var logTime: [UInt8] {
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
    /// Returns the quotient rounded down, for times before 1970.
    package func flooredQuotient(_ divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
