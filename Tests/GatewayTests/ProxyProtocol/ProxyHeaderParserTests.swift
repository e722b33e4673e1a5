import NIOCore
import Testing

@testable import GatewayCore
@testable import GatewayHTTP
@testable import GatewaySettings

struct ProxyHeaderParserTests {
    private static let signature = "\r\n\r\n\u{0}\r\nQUIT\n"

    /// A header of version 2, with these bytes after its fixed part.
    private static func v2(_ command: UInt8, _ family: UInt8, _ rest: [UInt8], length: Int? = nil) -> [UInt8] {
        let length = length ?? rest.count
        return Array(Self.signature.utf8) + [command, family, UInt8(length >> 8), UInt8(length & 0xFF)] + rest
    }

    private static let ipv4: [UInt8] = [192, 0, 2, 7, 198, 51, 100, 1, 0x12, 0x67, 0x01, 0xBB]
    private static let ipv6: [UInt8] =
        [0x20, 0x01, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
        + [0x20, 0x01, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2] + [0x12, 0x67, 0x01, 0xBB]
    private static let mapped: [UInt8] =
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 192, 0, 2, 7]
        + [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 198, 51, 100, 1] + [0x12, 0x67, 0x01, 0xBB]

    private static func forwarded(_ source: String, _ destination: String, _ ports: (UInt16, UInt16) = (4711, 443))
        -> ProxyHeader
    {
        guard let source = IPAddress(source), let destination = IPAddress(destination) else { return .local }
        return .forwarded(
            source: ProxyEndpoint(source, port: ports.0),
            destination: ProxyEndpoint(destination, port: ports.1)
        )
    }

    private static let lines: [(line: String, header: ProxyHeader)] = [
        ("PROXY TCP4 192.0.2.7 198.51.100.1 4711 443\r\n", forwarded("192.0.2.7", "198.51.100.1")),
        ("PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n", forwarded("0.0.0.0", "0.0.0.0", (0, 0))),
        (
            "PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n",
            forwarded("255.255.255.255", "255.255.255.255", (65535, 65535))
        ),
        ("PROXY TCP6 2001:db8::1 2001:DB8::2 4711 443\r\n", forwarded("2001:db8::1", "2001:db8::2")),
        ("PROXY TCP6 ::ffff:192.0.2.7 ::ffff:c633:6401 4711 443\r\n", forwarded("192.0.2.7", "198.51.100.1")),
        ("PROXY UNKNOWN\r\n", .unknown),
        ("PROXY UNKNOWN 192.0.2.7 198.51.100.1 4711 443\r\n", .unknown),
        ("PROXY UNKNOWN \u{0}\n\r what ever \r\n", .unknown),
        ("PROXY UNKNOWN" + String(repeating: " ", count: 92) + "\r\n", .unknown),
    ]

    private static let binaries: [(bytes: [UInt8], header: ProxyHeader)] = [
        (v2(0x21, 0x11, ipv4), forwarded("192.0.2.7", "198.51.100.1")),
        (v2(0x21, 0x12, ipv4), forwarded("192.0.2.7", "198.51.100.1")),
        (v2(0x21, 0x21, ipv6), forwarded("2001:db8::1", "2001:db8::2")),
        (v2(0x21, 0x22, ipv6), forwarded("2001:db8::1", "2001:db8::2")),
        (v2(0x21, 0x21, mapped), forwarded("192.0.2.7", "198.51.100.1")),
        (v2(0x21, 0x11, ipv4 + [0x04, 0x00, 0x02, 0x00, 0x00]), forwarded("192.0.2.7", "198.51.100.1")),
        (v2(0x21, 0x11, ipv4 + [UInt8](repeating: 0xEE, count: 300)), forwarded("192.0.2.7", "198.51.100.1")),
        (v2(0x21, 0x00, []), .unknown), (v2(0x21, 0x00, ipv4), .unknown),
        (v2(0x21, 0x31, [UInt8](repeating: 0x2F, count: 216)), .unknown),
        (v2(0x21, 0x32, [UInt8](repeating: 0x2F, count: 220)), .unknown),
        // An address in a LOCAL header is forged (section 2.2).
        (v2(0x20, 0x00, []), .local), (v2(0x20, 0x11, ipv4), .local), (v2(0x20, 0x21, ipv6), .local),
        (v2(0x20, 0xFF, [1, 2, 3]), .local), (v2(0x20, 0x11, []), .local),
    ]

    /// Sections 2.1 and 2.2, with what a header may carry beside the addresses.
    static let headers = lines.map { (bytes: Array($0.line.utf8), header: $0.header) } + binaries

    @Test(arguments: headers) func `reads a header and leaves what follows`(_ bytes: [UInt8], _ header: ProxyHeader)
        throws
    {
        var input = ByteBuffer(bytes: bytes)
        input.writeString("GET")
        var parser = ProxyHeaderParser()
        #expect(try parser.read(&input) == header)
        #expect(String(buffer: input) == "GET")
        #expect(try parser.read(&input) == nil)
    }

    @Test func `skips fields up to the limit of the header's length`() throws {
        let header = Self.v2(0x21, 0x11, Self.ipv4 + [UInt8](repeating: 0xEE, count: 65535 - 12))
        var parser = ProxyHeaderParser()
        for byte in header.dropLast() {
            var input = ByteBuffer(bytes: [byte])
            #expect(try parser.read(&input) == nil)
        }
        var last = ByteBuffer(bytes: [0xEE, 0x47])
        #expect(try parser.read(&last) == Self.forwarded("192.0.2.7", "198.51.100.1"))
        #expect(last.readableBytes == 1)
    }

    @Test(arguments: headers) func `reads a header byte by byte`(_ bytes: [UInt8], _ header: ProxyHeader) throws {
        var parser = ProxyHeaderParser()
        for byte in bytes.dropLast() {
            var input = ByteBuffer(bytes: [byte])
            #expect(try parser.read(&input) == nil)
            #expect(input.readableBytes == 0)
        }
        var last = ByteBuffer(bytes: bytes.suffix(1) + [0x47])
        #expect(try parser.read(&last) == header)
        #expect(last.readableBytes == 1)
    }

    @Test(arguments: headers) func `reads a header in random pieces`(_ bytes: [UInt8], _ header: ProxyHeader) throws {
        var random = Seeded(state: 7)
        for _ in 0..<20 {
            var parser = ProxyHeaderParser()
            var rest = bytes[...]
            var found: ProxyHeader?
            while !rest.isEmpty {
                let count = Int.random(in: 1...max(1, min(rest.count, 3000)), using: &random)
                var input = ByteBuffer(bytes: rest.prefix(count))
                rest = rest.dropFirst(count)
                found = try parser.read(&input)
            }
            #expect(found == header)
        }
    }

    private static let noHeaders: [String] = [
        "GET / HTTP/1.1\r\n",
        "\u{16}\u{03}\u{01}",
        "PRI * HTTP/2.0\r\n",
        "proxy TCP4",
        "PROXY\tTCP4",
        "PROXYTCP4",
        "\r\n\r\nGET",
        "\n",
        "\r\n\r\n\u{0}\r\nQUIT\r",
    ]

    /// Without their line ends.
    private static let malformedLines: [String] = [
        "PROXY TCP4 192.0.2.7 198.51.100.1 4711 443 ",
        "PROXY TCP4  192.0.2.7 198.51.100.1 4711 443",
        "PROXY  TCP4 192.0.2.7 198.51.100.1 4711 443",
        "PROXY TCP4 192.0.2.7 198.51.100.1 4711",
        "PROXY TCP4",
        "PROXY ",
        "PROXY TCP5 192.0.2.7 198.51.100.1 4711 443",
        "PROXY UNKNOWNX",
        "PROXY unknown",
        "PROXY tcp4 192.0.2.7 198.51.100.1 4711 443",
        "PROXY UDP4 192.0.2.7 198.51.100.1 4711 443",
        "PROXY TCP4 2001:db8::1 2001:db8::2 4711 443",
        "PROXY TCP4 ::ffff:192.0.2.7 ::ffff:192.0.2.8 4711 443",
        "PROXY TCP6 192.0.2.7 198.51.100.1 4711 443",
        "PROXY TCP6 2001:db8::1 198.51.100.1 4711 443",
        "PROXY TCP6 [2001:db8::1] [2001:db8::2] 4711 443",
        "PROXY TCP6 fe80::1%eth0 2001:db8::2 4711 443",
        "PROXY TCP6 1::2::3 2001:db8::2 4711 443",
        "PROXY TCP4 192.0.2.007 198.51.100.1 4711 443",
        "PROXY TCP4 192.0.2.256 198.51.100.1 4711 443",
        "PROXY TCP4 192.0.2 198.51.100.1 4711 443",
        "PROXY TCP4 0xC0.0.2.7 198.51.100.1 4711 443",
        "PROXY TCP4 localhost 198.51.100.1 4711 443",
        "PROXY TCP4 192.0.2.7 198.51.100.1 65536 443",
        "PROXY TCP4 192.0.2.7 198.51.100.1 99999999999999999999 443",
        "PROXY TCP4 192.0.2.7 198.51.100.1 04711 443",
        "PROXY TCP4 192.0.2.7 198.51.100.1 +4711 443",
        "PROXY TCP4 192.0.2.7 198.51.100.1 -1 443",
        "PROXY TCP4 192.0.2.7 198.51.100.1  443",
        "PROXY TCP4 192.0.2.7 198.51.100.1 4711 443\n",
        "PROXY TCP4 192.0.2.7 198.51.100.1 4711 443\r",
        "PROXY TCP4 192.0.2.7\u{0} 198.51.100.1 4711 443",
        "PROXY TCP4 \u{661}.0.2.7 198.51.100.1 4711 443",
    ]

    private static let longLines: [String] = [
        "PROXY TCP4 192.0.2.7 198.51.100.1 4711 443\n" + String(repeating: "x", count: 107),
        "PROXY UNKNOWN" + String(repeating: " ", count: 93) + "\r\n",
    ]

    private static let malformedBinaries: [(bytes: [UInt8], reason: MalformedProxyHeader.Reason)] = [
        (v2(0x11, 0x11, ipv4), .version), (v2(0x31, 0x11, ipv4), .version), (v2(0x01, 0x11, ipv4), .version),
        (v2(0x22, 0x11, ipv4), .command), (v2(0x2F, 0x11, ipv4), .command),
        (v2(0x21, 0x10, ipv4), .family), (v2(0x21, 0x01, ipv4), .family), (v2(0x21, 0x13, ipv4), .family),
        (v2(0x21, 0x41, ipv4), .family), (v2(0x21, 0xFF, ipv4), .family),
        (v2(0x21, 0x11, [], length: 11), .length), (v2(0x21, 0x11, []), .length),
        (v2(0x21, 0x21, ipv4), .length), (v2(0x21, 0x21, [], length: 35), .length),
        (v2(0x21, 0x31, [], length: 215), .length),
    ]

    static let malformed: [(bytes: [UInt8], reason: MalformedProxyHeader.Reason)] = {
        var all = Self.malformedBinaries
        for text in Self.noHeaders { all.append((Array(text.utf8), .noHeader)) }
        for line in Self.malformedLines { all.append((Array((line + "\r\n").utf8), .line)) }
        for text in Self.longLines { all.append((Array(text.utf8), .longLine)) }
        return all
    }()

    @Test(arguments: malformed) func `refuses a malformed header, in one piece or byte by byte`(
        _ bytes: [UInt8],
        _ reason: MalformedProxyHeader.Reason
    ) throws {
        let error = MalformedProxyHeader(reason)
        #expect(throws: error) {
            var parser = ProxyHeaderParser()
            var input = ByteBuffer(bytes: bytes)
            _ = try parser.read(&input)
        }
        #expect(throws: error) {
            var parser = ProxyHeaderParser()
            for byte in bytes {
                var input = ByteBuffer(bytes: [byte])
                _ = try parser.read(&input)
            }
        }
    }

    @Test func `refuses what is no header at its first byte`() {
        for byte in UInt8.min...UInt8.max where byte != UInt8(ascii: "P") && byte != 0x0D {
            var parser = ProxyHeaderParser()
            var input = ByteBuffer(bytes: [byte])
            #expect(throws: MalformedProxyHeader(.noHeader)) { _ = try parser.read(&input) }
        }
    }

    @Test func `random input is refused or read, never more than the header`() {
        var random = Seeded(state: 11)
        for _ in 0..<2000 {
            var bytes = Self.headers[Int.random(in: 0..<Self.headers.count, using: &random)].bytes.prefix(300)
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
            }
            var parser = ProxyHeaderParser()
            var input = ByteBuffer(bytes: bytes)
            let before = input.readableBytes
            _ = try? parser.read(&input)
            #expect(input.readableBytes <= before)
        }
    }
}

/// SplitMix64.
private struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var bits = self.state
        bits = (bits ^ bits >> 30) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ bits >> 27) &* 0x94D0_49BB_1331_11EB
        return bits ^ bits >> 31
    }
}
