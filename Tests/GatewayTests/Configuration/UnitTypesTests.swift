import Gateway
import Testing

@testable import GatewayHTTP
@testable import GatewaySettings

struct UnitTypesTests {
    @Test(
        arguments: [
            ("0s", 0), ("250ms", 250_000_000), ("5s", 5_000_000_000), ("2m", 120_000_000_000),
            ("1h", 3_600_000_000_000), ("1m30s", 90_000_000_000), ("1h1m1s1ms", 3_661_001_000_000), ("10us", 10_000),
        ] as [(String, Int64)]
    )
    func `durations are parsed`(_ text: String, _ nanoseconds: Int64) throws {
        let span = try #require(TimeSpan(text))
        #expect(span.nanoseconds == nanoseconds)
        #expect(TimeSpan(span.description) == span)
    }

    @Test(
        arguments: [
            "", "5", "s", "5 s", "-5s", "+5s", "5S", "1s1m", "1s1s", "1.5s", "9999999999999h", "99999999999999999999s",
            "200000h200000h", "5s ", "5sec",
        ]
    )
    func `invalid durations are rejected`(_ text: String) {
        #expect(TimeSpan(text) == nil)
    }

    @Test(
        arguments: [
            ("0B", 0), ("500B", 500), ("16KiB", 16_384), ("10MiB", 10_485_760), ("1GiB", 1 << 30), ("2KB", 2_000),
        ]
    )
    func `sizes are parsed`(_ text: String, _ bytes: Int) throws {
        let count = try #require(ByteCount(text))
        #expect(count.bytes == bytes)
        #expect(ByteCount(count.description) == count)
    }

    @Test(arguments: ["", "5", "KiB", "-5B", "5 KiB", "5kib", "1.5MiB", "99999999999TiB"])
    func `invalid sizes are rejected`(_ text: String) {
        #expect(ByteCount(text) == nil)
    }

    @Test(arguments: ["99999999999GiB", "8388608TiB", "9223372036854775808B", "99999999999999999999KB"])
    func `a size that is too large is reported with the largest one`(_ text: String) {
        #expect(throws: SettingError("is too large", suggestion: "write \"8388607TiB\" or less")) {
            try ByteCount(setting: .string(text))
        }
        #expect(ByteCount("8388607TiB") != nil)
    }

    @Test(
        arguments: [
            ("60/minute", Rate(60, per: .minute)), ("1/second", Rate(1, per: .second)), ("9/hour", Rate(9, per: .hour)),
            ("9/day", Rate(9, per: .day)),
        ]
    )
    func `rates are parsed`(_ text: String, _ rate: GatewaySettings.Rate) {
        #expect(Rate(text) == rate)
        #expect(rate.description == text)
    }

    @Test(
        arguments: [
            ("60/min", "60/minute"), ("60", "60/minute"), ("10/s", "10/second"), ("1_000 / h", "1000/hour"),
            ("0/minute", "1/minute"), ("x", "60/minute"), ("5/days", "5/day"), ("-1/second", "1/second"),
            ("", "60/minute"),
        ]
    )
    func `an invalid rate is reported with the likely one`(_ text: String, _ meant: String) {
        #expect(throws: SettingError("is not a rate", suggestion: "write \"\(meant)\"")) {
            try Rate(setting: .string(text))
        }
    }

    @Test(arguments: [Int64.max, .max / 59, .min, .min / 59])
    func `the longest duration and the largest size are accepted`(_ count: Int64) {
        let time: Int64 = count < 0 ? .min : .max
        #expect(TimeSpan.hours(count).nanoseconds == time)
        #expect(TimeSpan.minutes(count).nanoseconds == time)
        #expect(TimeSpan.seconds(count).nanoseconds == time)
        #expect(TimeSpan.milliseconds(count).nanoseconds == time)
        #expect(TimeSpan.microseconds(count).nanoseconds == time)
        let size: Int = count < 0 ? .min : .max
        #expect(ByteCount.gibibytes(Int(count)).bytes == size)
        #expect(ByteCount.mebibytes(Int(count)).bytes == size)
        #expect(ByteCount.kibibytes(Int(count)).bytes == size)
    }

    @Test
    func `bytes per second are parsed`() {
        #expect(ByteRate("500B/second")?.bytesPerSecond == 500)
        #expect(ByteRate("6KiB/minute")?.bytesPerSecond == 102.4)
        #expect(ByteRate("500/second") == nil)
    }

    @Test(
        arguments: [
            ("127.0.0.1", "127.0.0.1"), ("::", "::"), ("::1", "::1"), ("1::", "1::"),
            ("2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
            ("::ffff:192.0.2.1", "192.0.2.1"), ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
            ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"), ("1:0:3:4:5:6:7:8", "1:0:3:4:5:6:7:8"),
            ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
        ]
    )
    func `addresses are parsed and written in canonical form`(_ text: String, _ canonical: String) throws {
        let address = try #require(IPAddress(text))
        #expect(address.description == canonical)
        #expect(IPAddress(canonical) == address)
    }

    @Test(
        arguments: [
            "", "1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.-4", ":", ":::", "1:", ":1", "1::2::3",
            "1:2:3:4:5:6:7",
            "1:2:3:4:5:6:7:8:9", "12345::", "g::", "1.2.3.4::", "::1%eth0", "1:2:3:4:5:6:7:8::", "[::1]", "+1::",
        ]
    )
    func `invalid addresses are rejected`(_ text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test(
        arguments: [
            ("10.0.0.0/8", "10.255.1.2", true), ("10.0.0.0/8", "11.0.0.0", false), ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "192.0.2.2", false), ("0.0.0.0/0", "8.8.8.8", true), ("0.0.0.0/0", "::1", false),
            ("::/0", "2001:db8::", true), ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::", false),
            ("2001:db8::/127", "2001:db8::1", true), ("2001:db8::/127", "2001:db8::2", false),
            ("2001:db8::/64", "2001:db8::ffff:0:0:1", true), ("::ffff:10.0.0.1", "10.0.0.1", true),
        ]
    )
    func `a block contains the right addresses`(_ block: String, _ address: String, _ isIn: Bool) throws {
        #expect(try #require(CIDR(block)).contains(try #require(IPAddress(address))) == isIn)
    }

    @Test(
        arguments: [
            ("127.0.0.1:8080", ListenAddress.host("127.0.0.1", port: 8080)), ("[::]:80", .host("::", port: 80)),
            ("localhost:0", .host("localhost", port: 0)),
            ("http://0.0.0.0:1", .init(.host("0.0.0.0", port: 1), scheme: .http)),
            ("https://[::1]:443", .init(.host("::1", port: 443), scheme: .https)),
            ("unix:/run/a b.sock", .unix(path: "/run/a b.sock")),
        ]
    )
    func `listen addresses are parsed`(_ text: String, _ address: GatewaySettings.ListenAddress) {
        #expect(ListenAddress(text) == address)
        #expect((try? ListenAddress(setting: address.settingValue)) == address)
        #expect(ListenAddress(address.description)?.location == address.location)
    }

    @Test(
        arguments: [
            ("http://a.example", TargetURL.http(host: "a.example", port: 80)),
            ("http://a:81/", .http(host: "a", port: 81)),
            ("http://[::1]:1", .http(host: "::1", port: 1)), ("unix:/a", .unix(path: "/a")),
            ("HTTP://A:80", .http(host: "A", port: 80)), ("Unix:/A", .unix(path: "/A")),
        ]
    )
    func `targets are parsed`(_ text: String, _ url: GatewaySettings.TargetURL) {
        #expect(TargetURL(text) == url)
        #expect(TargetURL(url.description) == url)
    }
}
