import Foundation
import Testing

@testable import Gateway
@testable import GatewayCore

struct DateCacheTests {
    @Test(arguments: [
        (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"), (-1, "Wed, 31 Dec 1969 23:59:59 GMT"),
        (Int64.min, "Sat, 01 Jan 0000 00:00:00 GMT"), (Int64.max, "Fri, 31 Dec 9999 23:59:59 GMT"),
    ])
    func `the Date field is written`(second: Int64, expected: String) {
        var dates = DateCache()
        #expect(String(decoding: dates.imfFixdate(second: second), as: UTF8.self) == expected)
    }

    @Test(arguments: [
        (784_111_777_123, "1994-11-06T08:49:37.123Z"), (1_004, "1970-01-01T00:00:01.004Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
    ])
    func `timestamps are written`(milliseconds: Int64, expected: String) {
        var dates = DateCache()
        var line = LogLine()
        dates.writeTimestamp(milliseconds: milliseconds, into: &line)
        #expect(String(decoding: line.bytes, as: UTF8.self) == expected)
    }

    @Test func `the date follows the clock, backwards too`() {
        var dates = DateCache()
        let written = ([10_999, 11_000, 10_500] as [Int64]).map { milliseconds -> String in
            var line = LogLine()
            dates.writeTimestamp(milliseconds: milliseconds, into: &line)
            return String(decoding: line.bytes, as: UTF8.self)
        }
        #expect(written == ["1970-01-01T00:00:10.999Z", "1970-01-01T00:00:11.000Z", "1970-01-01T00:00:10.500Z"])
    }

    @Test func `dates agree with Foundation's calendar`() {
        var random = SeededRandom(seed: 1)
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        var dates = DateCache()
        for _ in 0..<2000 {
            let second = Int64.random(in: -10_000_000_000...250_000_000_000, using: &random)
            let expected = formatter.string(from: Date(timeIntervalSince1970: Double(second)))
            #expect(String(decoding: dates.imfFixdate(second: second), as: UTF8.self) == expected)
        }
    }
}
