import Testing

@testable import GatewayCache

struct TierKeyTests {
    @Test func `the same request has the same keys on all gateways`() {
        let key = TierKey(prefix: "gateway:", material: Array("abc".utf8))
        // SHA-256 of "abc" (FIPS 180-2, appendix B.1).
        #expect(key.primary == "gateway:cache:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(key.primary == TierKey(prefix: "gateway:", material: Array("abc".utf8)).primary)
        #expect(key.variant([1, 2]) == TierKey(prefix: "gateway:", material: Array("abc".utf8)).variant([1, 2]))
    }

    @Test func `other requests, variants and prefixes have others`() {
        let key = TierKey(prefix: "gateway:", material: [1])
        let names = [
            key.primary, key.variant([]), key.variant([0]), key.variant([1]),
            TierKey(prefix: "gateway:", material: [1, 0]).primary,
            TierKey(prefix: "gateway:", material: [2]).primary,
            TierKey(prefix: "other:", material: [1]).primary,
        ]
        #expect(Set(names).count == names.count)
    }
}
