import Testing

@testable import Gateway
@testable import GatewayMiddlewares

struct BodyDigestTests {
    private static func digest(_ bytes: [UInt8]) -> BodyDigest { bytes.withUnsafeBytes { BodyDigest($0) } }

    @Test(
        arguments: [
            ("", 0, 0), ("hello", 0xCBD8_A7B3_41BD_9B02, 0x5B1E_906A_48AE_1D19),
            ("hello, world", 0x342F_AC62_3A5E_BC8E, 0x4CDC_BC07_9642_414D),
            ("19 Jan 2038 at 3:14:07 AM", 0xB89E_5988_B737_AFFC, 0x664F_C295_0231_B2CB),
            ("The quick brown fox jumps over the lazy dog.", 0xCD99_481F_9EE9_02C9, 0x695D_A1A3_8987_B6E7),
        ] as [(String, UInt64, UInt64)]
    )
    func `the digest matches the reference values`(text: String, high: UInt64, low: UInt64) {
        #expect(Self.digest(Array(text.utf8)).high == high)
        #expect(Self.digest(Array(text.utf8)).low == low)
    }

    @Test func `a changed bit or length changes the digest`() {
        var seen: Set<BodyDigest> = []
        for length in 0..<200 { seen.insert(Self.digest([UInt8](repeating: 0, count: length))) }
        let body = [UInt8](repeating: 7, count: 100)
        for bit in 0..<800 {
            var changed = body
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            seen.insert(Self.digest(changed))
        }
        #expect(seen.count == 1000)
    }
}
