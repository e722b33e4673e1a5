import Testing

@testable import GatewayHTTP
@testable import GatewayHTTP1

struct ByteClassTests {
    private static let alphanumerics = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)

    @Test(arguments: UInt8.min...UInt8.max)
    func `each byte belongs to the right classes`(byte: UInt8) {
        let isAlphanumeric = Self.alphanumerics.contains(byte)
        #expect(ByteClass.isTokenByte(byte) == (isAlphanumeric || Set("!#$%&'*+-.^_`|~".utf8).contains(byte)))
        #expect(ByteClass.isFieldByte(byte) == (byte == 0x09 || (0x20...0x7E).contains(byte) || byte >= 0x80))
        #expect(ByteClass.isTargetByte(byte) == ((0x21...0x7E).contains(byte) && byte != UInt8(ascii: "#")))
        #expect(ByteClass.isDigit(byte) == Set("0123456789".utf8).contains(byte))
        #expect(ByteClass.hexValue(byte) == Int(String(UnicodeScalar(byte)), radix: 16))
        let host = [byte]
        let isHost = isAlphanumeric || Set("-._~!$&'()*+;=".utf8).contains(byte)
        #expect(host.withUnsafeBytes(ByteClass.isAuthority) == isHost)
    }

    @Test(arguments: [
        ("a%C3%A4", true), ("a%20", true), ("a%00", false), ("a%0d%0a", false), ("a%1F", false), ("a%7f", false),
        ("a%zz", false), ("a%2", false), ("a,b", false), ("a,b:80", false),
    ])
    func `a host has no control characters, encoded or not, and is not a list`(host: String, isHost: Bool) {
        #expect(Array(host.utf8).withUnsafeBytes(ByteClass.isAuthority) == isHost)
    }

    @Test func `the end of a field value is found at every position`() {
        for count in 0..<40 {
            for stop in 0..<max(count, 1) {
                for byte in [0x00, 0x0A, 0x0D, 0x1F, 0x7F] as [UInt8] {
                    var bytes = (0..<count).map {
                        [0x09, 0x20, 0x7E, 0x80, 0xFF, 0xA0, 0x8D, 0x21][($0 + stop) % 8] as UInt8
                    }
                    #expect(bytes.withUnsafeBytes(ByteClass.isFieldValue))
                    guard stop < count else { continue }
                    bytes[stop] = byte
                    #expect(!bytes.withUnsafeBytes(ByteClass.isFieldValue))
                    for start in 0...stop {
                        let end = bytes.withUnsafeBytes { ByteClass.fieldValueEnd(in: $0, from: start) }
                        #expect(end == stop)
                    }
                }
            }
        }
    }

    @Test func `for all pairs of bytes the fast search agrees with a simple one`() {
        for first in UInt8.min...UInt8.max {
            for second in [0x00, 0x09, 0x1F, 0x20, 0x7E, 0x7F, 0x80, 0x9F, 0xFF, first] as [UInt8] {
                let bytes = [0x61, first, second, 0x61, 0x61, second, first, 0x61, first] as [UInt8]
                let end = bytes.withUnsafeBytes { ByteClass.fieldValueEnd(in: $0, from: 0) }
                #expect(end == bytes.firstIndex { !ByteClass.isFieldByte($0) } ?? bytes.count)
            }
        }
    }

    @Test(arguments: [
        ("", "", true), ("abc", "ABC", true), ("abc", "abd", false), ("abc", "ab", false), ("@", "`", false),
        ("[", "{", false), ("A", "a", true), ("Z", "z", true), ("-", "\r", false), ("a^", "a~", false),
        ("0", "\u{10}", false),
    ])
    func `only letters are compared without regard to case`(left: String, right: String, equal: Bool) {
        Array(left.utf8).withUnsafeBytes { left in
            Array(right.utf8).withUnsafeBytes { right in
                #expect(ByteClass.equalsIgnoringCase(left, right) == equal)
                #expect(ByteClass.equalsIgnoringCase(right, left) == equal)
            }
        }
    }

    @Test func `a literal equals only itself`() {
        #expect(Array("HTTP/".utf8).withUnsafeBytes { ByteClass.equals($0, "HTTP/") })
        #expect(!Array("http/".utf8).withUnsafeBytes { ByteClass.equals($0, "HTTP/") })
        #expect(!Array("HTTP".utf8).withUnsafeBytes { ByteClass.equals($0, "HTTP/") })
    }
}
