import NIOCore
import Testing

@testable import Gateway
@testable import GatewayHTTP

struct HTTPDateTests {
    /// 2024-05-06
    private static let now: Int64 = 1_714_953_600

    private static func seconds(_ text: String, now: Int64 = now) -> Int64? {
        Array(text.utf8).withUnsafeBytes { HTTPDate.seconds($0, now: now) }
    }

    @Test(arguments: [
        ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777), ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777),
        ("Sun Nov  6 08:49:37 1994", 784_111_777), ("Sun Nov 16 08:49:37 1994", 784_975_777),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0), ("Wed, 31 Dec 1969 23:59:59 GMT", -1),
        ("Tue, 29 Feb 2000 00:00:00 GMT", 951_782_400), ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799),
        ("Sat, 31 Dec 2016 23:59:60 GMT", 1_483_228_800), ("Saturday, 01-Jan-00 00:00:00 GMT", 946_684_800),
    ])
    func `the three date forms are parsed (RFC 9110 section 5.6.7)`(text: String, expected: Int64) {
        #expect(Self.seconds(text) == expected)
    }

    @Test(arguments: [
        "", " ", "0", "Sun", "Sun,", "Sun, 06 Nov 1994", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 gmt", "sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT", "Sun,06 Nov 1994 08:49:37 GMT", "Sun, 06  Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT ", " Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:60:00 GMT", "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 31 Feb 1994 08:49:37 GMT", "Tue, 29 Feb 1900 00:00:00 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 8:49:37 GMT", "Sun, -6 Nov 1994 08:49:37 GMT",
        "Sunday, 06 Nov 1994 08:49:37 GMT", "Sun, 06-Nov-94 08:49:37 GMT", "Sunday, 06-Nov-1994 08:49:37 GMT",
        "Sun Nov 6 08:49:37 1994", "Sun Nov 06 08:49:37 94", "Sunday Nov  6 08:49:37 1994",
        "Sun Nov  6 08:49:37 1994 GMT", "Sundae, 06-Nov-94 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT, x",
        "1994-11-06T08:49:37Z", "784111777",
    ])
    func `nothing else is a date`(text: String) {
        #expect(Self.seconds(text) == nil)
    }

    @Test(arguments: [
        // In 2024, 74 is 50 years ahead, and 75 was 49 years ago.
        (1_714_953_600, "74", 2074), (1_714_953_600, "75", 1975), (1_714_953_600, "24", 2024),
        (1_714_953_600, "99", 1999), (1_714_953_600, "00", 2000),
        // In 2080, 29 is 49 years ahead, and 31 was 49 years ago.
        (3_471_292_800, "29", 2129), (3_471_292_800, "31", 2031), (3_471_292_800, "79", 2079),
    ])
    func `a year of two digits is at most 50 years ahead (RFC 9110 section 5.6.7)`(
        now: Int64,
        digits: String,
        year: Int
    ) {
        let short = Self.seconds("Monday, 01-Mar-\(digits) 00:00:00 GMT", now: now)
        #expect(short != nil)
        #expect(short == Self.seconds("Mon, 01 Mar \(year) 00:00:00 GMT"))
    }

    @Test func `dates written by the gateway are parsed`() {
        var random = SeededRandom(seed: 3)
        for _ in 0..<2000 {
            let second = Int64.random(in: -62_000_000_000...253_402_300_799, using: &random)
            let text = String(decoding: CivilTime(second: second).imfFixdate, as: UTF8.self)
            #expect(Self.seconds(text) == second, "\(text)")
        }
    }

    @Test func `invalid text is not a date and does not crash`() {
        var random = SeededRandom(seed: 11)
        let good = Array("Sunday, 06-Nov-94 08:49:37 GMT".utf8)
        for _ in 0..<5000 {
            var text = good
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                text[Int.random(in: 0..<text.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            text.removeLast(Int.random(in: 0...text.count, using: &random))
            text.withUnsafeBytes { _ = HTTPDate.seconds($0, now: Self.now) }
        }
    }
}
