import Testing

@testable import GatewayHTTP

struct RetryAfterTests {
    /// Sun, 06 Nov 1994 08:49:37 GMT.
    private static let now: Int64 = 784_111_777

    @Test(
        arguments: [
            ("0", 0), ("1", 1), ("007", 7), ("120", 120), ("86401", 86_400), ("99999999999999999999", 86_400),
            ("Sun, 06 Nov 1994 08:49:37 GMT", 0), ("Sun, 06 Nov 1994 08:50:00 GMT", 23),
            ("Sunday, 06-Nov-94 08:49:40 GMT", 3), ("Sun Nov  6 08:49:38 1994", 1),
            ("Sat, 05 Nov 1994 08:49:37 GMT", 0), ("Tue, 06 Nov 2035 08:49:37 GMT", 86_400),
            ("", nil), ("-1", nil), ("+1", nil), ("1.5", nil), ("1 ", nil), ("soon", nil), ("1, 2", nil),
            ("Sun, 31 Feb 1994 08:49:37 GMT", nil),
        ] as [(String, Int64?)]
    )
    func `seconds and dates are understood`(value: String, seconds: Int64?) {
        #expect(Array(value.utf8).withUnsafeBytes { RetryAfter.seconds($0, now: Self.now) } == seconds)
    }
}
