/// Parses dates in the three formats that recipients must accept (RFC 9110 section 5.6.7).
package enum HTTPDate {
    /// Returns seconds since 1970. Nil if the bytes are not a date, or not one in the calendar, such as 31 February.
    /// The weekday must be valid but need not match the date.
    ///
    /// - Parameters:
    ///   - now: Seconds since 1970, to interpret the two-digit years of RFC 850.
    ///   - ignoringCase: Whether names count in any case, as caches should read them (RFC 9111 section 4.2).
    package static func seconds(
        _ bytes: UnsafeRawBufferPointer,
        now: Int64,
        ignoringCase: Bool = false
    ) -> Int64? {
        var reader = Reader(bytes, ignoringCase: ignoringCase)
        guard let weekday = reader.weekday() else { return nil }
        let seconds: Int64? =
            switch bytes.count > weekday ? bytes[weekday] : 0 {
            case UInt8(ascii: ",") where weekday == 3: reader.imfFixdate()
            case UInt8(ascii: ","): reader.rfc850(now: now)
            case UInt8(ascii: " ") where weekday == 3: reader.asctime()
            default: nil
            }
        return reader.isAtEnd ? seconds : nil
    }

    private struct Reader {
        private let bytes: UnsafeRawBufferPointer
        private let ignoresCase: Bool
        private var position = 0

        init(_ bytes: UnsafeRawBufferPointer, ignoringCase: Bool) {
            self.bytes = bytes
            self.ignoresCase = ignoringCase
        }

        var isAtEnd: Bool { self.position == self.bytes.count }

        /// Reads a weekday and returns the length of its name, which is 3 if abbreviated.
        mutating func weekday() -> Int? {
            for (short, rest) in HTTPDate.weekdays where self.literal(short) {
                // Only RFC 850 dates have full names.
                _ = self.literal(rest)
                return self.position
            }
            return nil
        }

        /// Reads `, 06 Nov 1994 08:49:37 GMT`.
        mutating func imfFixdate() -> Int64? {
            guard self.literal(", "), let day = self.number(2), self.literal(" "), let month = self.month(),
                self.literal(" "), let year = self.number(4), self.literal(" "), let time = self.time(),
                self.literal(" GMT")
            else { return nil }
            return HTTPDate.seconds(year: year, month: month, day: day, time: time)
        }

        /// Reads `, 06-Nov-94 08:49:37 GMT`.
        mutating func rfc850(now: Int64) -> Int64? {
            guard self.literal(", "), let day = self.number(2), self.literal("-"), let month = self.month(),
                self.literal("-"), let short = self.number(2), self.literal(" "), let time = self.time(),
                self.literal(" GMT")
            else { return nil }
            // A date that appears to be more than 50 years ahead is in the past.
            let thisYear = Int(CivilTime(second: now).year)
            var year = thisYear - thisYear % 100 + short
            if year > thisYear + 50 { year -= 100 } else if year < thisYear - 49 { year += 100 }
            return HTTPDate.seconds(year: year, month: month, day: day, time: time)
        }

        /// Reads ` Nov  6 08:49:37 1994`.
        mutating func asctime() -> Int64? {
            guard self.literal(" "), let month = self.month(), self.literal(" ") else { return nil }
            guard let day = self.literal(" ") ? self.number(1) : self.number(2) else { return nil }
            guard self.literal(" "), let time = self.time(), self.literal(" "), let year = self.number(4) else {
                return nil
            }
            return HTTPDate.seconds(year: year, month: month, day: day, time: time)
        }

        /// Reads a time and returns the second of the day. 60 is accepted as a leap second.
        private mutating func time() -> Int? {
            guard let hour = self.number(2), self.literal(":"), let minute = self.number(2), self.literal(":"),
                let second = self.number(2), hour < 24, minute < 60, second <= 60
            else { return nil }
            return hour * 3600 + minute * 60 + second
        }

        private mutating func month() -> Int? {
            for (index, name) in HTTPDate.months.enumerated() where self.literal(name) { return index + 1 }
            return nil
        }

        private mutating func number(_ digits: Int) -> Int? {
            guard self.position + digits <= self.bytes.count else { return nil }
            var value = 0
            for index in self.position..<(self.position + digits) {
                let digit = self.bytes[index] &- UInt8(ascii: "0")
                guard digit < 10 else { return nil }
                value = value * 10 + Int(digit)
            }
            self.position += digits
            return value
        }

        /// Skips `text` if it comes next.
        private mutating func literal(_ text: StaticString) -> Bool {
            let count = text.utf8CodeUnitCount
            guard self.position + count <= self.bytes.count else { return false }
            let next = UnsafeRawBufferPointer(rebasing: self.bytes[self.position..<(self.position + count)])
            guard
                self.ignoresCase
                    ? ByteClass.equalsIgnoringCase(next, UnsafeRawBufferPointer(text)) : ByteClass.equals(next, text)
            else { return false }
            self.position += count
            return true
        }
    }

    /// Returns seconds since 1970, or nil if the month has no such day.
    ///
    /// - Parameter time: Seconds since midnight.
    package static func seconds(year: Int, month: Int, day: Int, time: Int) -> Int64? {
        guard day >= 1, day <= self.days(of: month, in: year) else { return nil }
        // As in `CivilTime`, years start in March.
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return Int64((era * 146_097 + dayOfEra - 719_468) * 86_400 + time)
    }

    private static func days(of month: Int, in year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// The abbreviated names and the rest of the full names.
    private static let weekdays: [(StaticString, StaticString)] = [
        ("Sun", "day"), ("Mon", "day"), ("Tue", "sday"), ("Wed", "nesday"), ("Thu", "rsday"), ("Fri", "day"),
        ("Sat", "urday"),
    ]
    private static let months: [StaticString] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}
