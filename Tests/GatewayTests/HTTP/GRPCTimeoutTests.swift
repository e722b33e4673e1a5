import GatewayHTTP
import NIOCore
import Testing

@Suite struct GRPCTimeoutTests {
    @Test(
        arguments: [
            ("1n", 1), ("250u", 250_000), ("100m", 100_000_000), ("5S", 5_000_000_000), ("2M", 120_000_000_000),
            ("1H", 3_600_000_000_000), ("0m", 0), ("99999999n", 99_999_999),
            ("99999999H", 365 * 24 * 3_600_000_000_000), ("00000001S", 1_000_000_000),
            ("100000000n", nil), ("1", nil), ("m", nil), ("", nil), ("1s", nil), ("1h", nil), ("-1S", nil),
            ("+1S", nil),
            ("1.5S", nil), (" 1S", nil), ("1 S", nil), ("1SS", nil),
        ] as [(String, Int64?)]
    ) func `a timeout is at most eight digits and a unit`(value: String, nanoseconds: Int64?) {
        #expect(Array(value.utf8).withUnsafeBytes { GRPCTimeout.parse($0) }?.nanoseconds == nanoseconds)
    }

    @Test(
        arguments: [
            (0, "1n"), (-5, "1n"), (99_999_999, "99999999n"), (100_000_000, "100000u"), (1_500_000_000, "1500000u"),
            (99_999_999_999, "99999999u"), (100_000_000_000, "100000m"), (100_000_000_000_000, "100000S"),
            (365 * 24 * 3_600_000_000_000, "31536000S"),
        ] as [(Int64, String)]
    ) func `a timeout is written in the finest unit that fits`(nanoseconds: Int64, text: String) {
        var buffer = ByteBuffer()
        buffer.writeHead(room: 16) { GRPCTimeout.write(.nanoseconds(nanoseconds), into: &$0) }
        #expect(String(buffer: buffer) == text)
    }
}
