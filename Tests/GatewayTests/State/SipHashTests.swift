import Testing

@testable import Gateway
@testable import GatewayCore

struct SipHashTests {
    /// From the reference implementation (vectors.h): the key is 00…0f, the input 00, 01, … of the given length.
    @Test(arguments: [
        (0, "a3817f04ba25a8e66df67214c7550293"), (1, "da87c1d86b99af44347659119b22fc45"),
        (2, "8177228da4a45dc7fca38bdef60affe4"), (7, "a1f1ebbed8dbc153c0b84aa61ff08239"),
        (8, "3b62a9ba6258f5610f83e264f31497b4"), (15, "5493e99933b0a8117e08ec0f97cfc3d9"),
        (16, "6ee2a4ca67b054bbfd3315bf85230577"), (63, "5150d1772f50834a503e069a973fbd7c"),
    ])
    func `the hash matches the reference, however the bytes are split`(count: Int, reference: String) {
        let bytes = (0..<count).map { UInt8($0) }
        let seed = SipHash.Seed(0x0706_0504_0302_0100, 0x0F0E_0D0C_0B0A_0908)
        var whole = SipHash(seed: seed)
        bytes.withUnsafeBytes { whole.combine($0) }
        var single = SipHash(seed: seed)
        for byte in bytes { single.combine(byte) }
        var shifted = SipHash(seed: seed)
        for byte in bytes.prefix(3) { shifted.combine(byte) }
        bytes.dropFirst(3).withUnsafeBytes { shifted.combine($0) }
        let (first, second) = whole.finish()
        #expect(single.finish() == (first, second))
        #expect(shifted.finish() == (first, second))
        let hex = [first, second].map { word in
            (0..<8).map { Self.hex(UInt8(truncatingIfNeeded: word >> UInt64(8 * $0))) }.joined()
        }.joined()
        #expect(hex == reference)
    }

    @Test func `letters in upper case count as those in lower case, and nothing else does`() {
        func hash(_ bytes: [UInt8], lowercases: Bool) -> (UInt64, UInt64) {
            var hash = SipHash(seed: SipHash.Seed(1, 2))
            bytes.withUnsafeBytes { if lowercases { hash.combine(lowercased: $0) } else { hash.combine($0) } }
            return hash.finish()
        }
        for start in UInt8.min...UInt8.max {
            // At each place in a word, and in what is left after the last.
            let bytes = (0..<11).map { start &+ UInt8($0) &* 7 }
            let lower = bytes.map { 0x41...0x5A ~= $0 ? $0 | 0x20 : $0 }
            #expect(hash(bytes, lowercases: true) == hash(lower, lowercases: false))
        }
    }

    @Test func `the hash depends on the seed and on every byte`() {
        var seen: Set<RateLimitKey> = []
        for seed in 0..<8 as Range<UInt64> {
            for changed in 0..<32 {
                var hash = SipHash(seed: SipHash.Seed(seed, 1))
                for index in 0..<32 { hash.combine(UInt8(index == changed ? 1 : 0)) }
                seen.insert(RateLimitKey(hash))
            }
        }
        #expect(seen.count == 8 * 32)
    }

    private static func hex(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }
}
