import NIOCore
import Testing

@testable import GatewayCore
@testable import GatewayHTTP
@testable import GatewaySettings

struct ProxyHeaderWritingTests {
    private static func forwarded(_ source: String, _ destination: String) -> ProxyHeader {
        guard let source = IPAddress(source), let destination = IPAddress(destination) else { return .local }
        return .forwarded(
            source: ProxyEndpoint(source, port: 4711),
            destination: ProxyEndpoint(destination, port: 443)
        )
    }

    private static func written(_ header: ProxyHeader, _ version: ProxyProtocolVersion) -> [UInt8] {
        var buffer = ByteBuffer()
        header.write(version, into: &buffer)
        return Array(buffer.readableBytesView)
    }

    static let lines: [(header: ProxyHeader, line: String)] = [
        (.local, "PROXY UNKNOWN\r\n"), (.unknown, "PROXY UNKNOWN\r\n"),
        (forwarded("192.0.2.7", "198.51.100.1"), "PROXY TCP4 192.0.2.7 198.51.100.1 4711 443\r\n"),
        (forwarded("2001:db8::1", "2001:db8::2"), "PROXY TCP6 2001:db8::1 2001:db8::2 4711 443\r\n"),
        (forwarded("192.0.2.7", "2001:db8::2"), "PROXY TCP6 ::ffff:192.0.2.7 2001:db8::2 4711 443\r\n"),
        (forwarded("2001:db8::1", "192.0.2.7"), "PROXY TCP6 2001:db8::1 ::ffff:192.0.2.7 4711 443\r\n"),
    ]

    @Test(arguments: lines) func `writes a line in version 1`(_ header: ProxyHeader, _ line: String) {
        #expect(Self.written(header, .v1) == Array(line.utf8))
    }

    static let binaries: [(header: ProxyHeader, rest: [UInt8])] = [
        (.local, [0x20, 0x00, 0, 0]), (.unknown, [0x21, 0x00, 0, 0]),
        (
            forwarded("192.0.2.7", "198.51.100.1"),
            [0x21, 0x11, 0, 12, 192, 0, 2, 7, 198, 51, 100, 1, 0x12, 0x67, 0x01, 0xBB]
        ),
        (
            forwarded("192.0.2.7", "2001:db8::2"),
            [0x21, 0x21, 0, 36, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 192, 0, 2, 7]
                + [0x20, 0x01, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0x12, 0x67, 0x01, 0xBB]
        ),
    ]

    @Test(arguments: binaries) func `writes bytes in version 2`(_ header: ProxyHeader, _ rest: [UInt8]) {
        #expect(Self.written(header, .v2) == Array("\r\n\r\n\u{0}\r\nQUIT\n".utf8) + rest)
    }

    @Test(arguments: ProxyHeaderParserTests.headers.map(\.header), [ProxyProtocolVersion.v1, .v2])
    func `what is written reads the same`(_ header: ProxyHeader, _ version: ProxyProtocolVersion) throws {
        var buffer = ByteBuffer()
        header.write(version, into: &buffer)
        var parser = ProxyHeaderParser()
        let read = try parser.read(&buffer)
        // Version 1 does not distinguish a local connection.
        #expect(read == (version == .v1 && header == .local ? .unknown : header))
        #expect(buffer.readableBytes == 0)
    }

    @Test func `writes nothing if the protocol is off`() {
        #expect(Self.written(.local, .off).isEmpty)
    }
}
