import Testing

@testable import GatewayAccess

@Suite struct Base64URLTests {
    @Test(
        arguments: [
            ("", []), ("AA", [0]), ("AAA", [0, 0]), ("AAAA", [0, 0, 0]), ("_-8", [0xFF, 0xEF]),
            ("Zm9vYmFy", Array("foobar".utf8)),
        ] as [(String, [UInt8])]
    ) func `decodes`(_ text: String, _ bytes: [UInt8]) {
        #expect(Base64URL.decode(text) == bytes)
    }

    @Test(arguments: [
        "A", "AAAAA", "AA==", "AAA=", "AB", "AAB", "+/8", "A A", "AA\n", "AA.A", "ÄÄ", "A\u{0}",
    ]) func `refuses every other form`(_ text: String) {
        #expect(Base64URL.decode(text) == nil)
    }
}
