import GatewayHTTP
import Testing

@testable import Gateway

struct PercentEncodingTests {
    @Test(
        arguments: [
            ("%41", 0x41), ("%c3", 0xC3), ("%C3", 0xC3), ("%00", 0), ("%4", nil), ("%", nil), ("%4g", nil),
            ("A41", nil),
            ("", nil),
        ] as [(String, UInt8?)]
    )
    func `an escape has two digits of either case`(text: String, byte: UInt8?) {
        #expect(Array(text.utf8).withUnsafeBytes { PercentEncoding.byte(at: 0, of: $0) } == byte)
    }

    @Test(arguments: [("a%20b", "a b"), ("%C3%BC", "ü"), ("100%", "100%"), ("%zz%41", "%zzA"), ("", "")])
    func `incomplete escapes are kept`(text: String, decoded: String) {
        #expect(PercentEncoding.decoded(text[...]) == decoded)
    }

    @Test(arguments: [("a b", "a%20b"), ("ü", "%C3%BC"), ("a/b%20", "a/b%20"), ("\u{7F}", "%7F")])
    func `everything but visible ASCII is escaped`(text: String, encoded: String) {
        #expect(String(decoding: PercentEncoding.encoded(text), as: UTF8.self) == encoded)
    }
}
