import GatewayHTTP
import GatewayHTTP1
import NIOCore
import Testing

@testable import Gateway
@testable import GatewayCore

@Suite struct UpstreamResponseTests {
    private static func read(_ fields: String...) throws -> UpstreamResponse? {
        var parser = ResponseParser(limits: HTTP1Limits())
        var head = ResponseHead()
        let lines = ["HTTP/1.1 200 OK", "Content-Length: 2"] + fields
        var bytes = ByteBuffer(string: lines.joined(separator: "\r\n") + "\r\n\r\n")
        return try parser.read(&bytes, into: &head, answering: .get)
    }

    @Test(
        arguments: [
            ("timeout=5", 5), ("timeout=5, max=100", 5), ("max=100,timeout=7", 7), ("timeout=0", 0),
            ("timeout=1000000", 1_000_000), ("timeout=99999999999999999999", 1_000_000),
            ("timeout=", nil), ("timeout=-5", nil), ("timeout=+1", nil), ("timeout=1_0", nil), ("timeout=0x1", nil),
            ("timeout=\u{661}", nil), ("max=100", nil), ("", nil),
        ] as [(String, Int64?)]
    )
    func `reads the timeout of Keep-Alive, and ignores what is not a number`(value: String, seconds: Int64?) throws {
        let response = try #require(try Self.read("Keep-Alive: \(value)"))
        #expect(response.timeout == seconds.map { .seconds($0) })
    }

    @Test func `reads the rest of what decides about the connection`() throws {
        #expect(try Self.read() == UpstreamResponse(status: 200, framing: .length(2), keepAlive: true))
        #expect(try Self.read("Connection: close")?.keepAlive == false)
    }
}
