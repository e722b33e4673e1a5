import GatewayHTTP

/// The time at which something stops working: the date `2027-01-01`, which is midnight UTC, or a date and time such as
/// `2027-01-01T12:00:00Z`.
public struct Expiry: Hashable {
    /// Seconds since 1970, UTC.
    public var seconds: Int64

    public init(seconds: Int64) { self.seconds = seconds }
}

extension Expiry: Setting {
    public static var shape: SettingShape { .other("date", schema: ["type": "string", "format": "date-time"]) }

    public init(setting value: SettingValue) throws(SettingError) {
        let text: String? =
            switch value {
            case .date(let text), .string(let text): text
            default: nil
            }
        guard let text, let seconds = Self.seconds(Array(text.utf8)) else {
            throw SettingError("is not a date", suggestion: "write 2027-01-01, or 2027-01-01T12:00:00Z")
        }
        self.seconds = seconds
    }

    public var settingValue: SettingValue { .date(CivilTime.rfc3339(milliseconds: self.seconds * 1000)) }

    /// Reads an RFC 3339 date, alone or with a time. A time without an offset is in UTC.
    private static func seconds(_ bytes: [UInt8]) -> Int64? {
        guard bytes.count >= 10, TOMLDate.isDateOrTime(bytes[...]), bytes[4] == UInt8(ascii: "-") else { return nil }
        func number(_ range: Range<Int>) -> Int64 { bytes[range].reduce(0) { $0 * 10 + Int64($1 &- 0x30) } }
        let (year, month, day) = (number(0..<4), number(5..<7), number(8..<10))
        guard let midnight = HTTPDate.seconds(year: Int(year), month: Int(month), day: Int(day), time: 0) else {
            return nil
        }
        guard bytes.count >= 19 else { return bytes.count == 10 ? midnight : nil }
        let time = number(11..<13) * 3600 + number(14..<16) * 60 + number(17..<19)
        let zone = bytes[19...].drop { $0 == UInt8(ascii: ".") || (0x30...0x39).contains($0) }
        guard let sign = zone.first, zone.count == 6 else { return midnight + time }
        let start = zone.startIndex
        let offset = number(start + 1..<start + 3) * 3600 + number(start + 4..<start + 6) * 60
        return midnight + time - (sign == UInt8(ascii: "-") ? -offset : offset)
    }
}
