import NIOCore
import Testing

@testable import Gateway

extension EndToEnd {
    /// A few messages over TLS. `GATEWAY_TEST_WIRE=tls` runs all tests of messages so.
    @Suite struct SecureMessageTests {
        private func withSecureProxy(
            _ script: @escaping ScriptedUpstream.Script,
            _ body: (RunningGateway, ScriptedUpstream) async throws -> Void
        ) async throws {
            try await Wire.$current.withValue(.tls) { try await withProxy(script, body) }
        }

        @Test func `requests follow each other, with bodies of either framing`() async throws {
            try await self.withSecureProxy(serving { ok("\($0.method) \($0.text)") }) { gateway, _ in
                let client = try await gateway.connect()
                defer { client.close() }
                try await client.send(
                    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
                    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n0\r\n\r\n",
                    "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
                )
                for text in ["POST abc", "POST de", "GET "] {
                    let response = try await client.finalResponse()
                    #expect(response.text == text)
                }
                let (text, end) = try await client.rest()
                #expect(text == "")
                #expect(end == .finished)
            }
        }

        @Test func `a client that has ended its input gets its response`() async throws {
            let go = Signal()
            let script: ScriptedUpstream.Script = serving { request in
                try await go.wait()
                return ok(request.target)
            }
            try await self.withSecureProxy(script) { gateway, _ in
                let client = try await gateway.connect()
                defer { client.close() }
                try await client.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
                try await client.finishSending()
                go.fire()
                let response = try await client.finalResponse()
                #expect(response.text == "/x")
                // The client's library reports an end that follows its own as an error.
                let (text, _) = try await client.rest()
                #expect(text == "")
            }
        }

        @Test func `a large body arrives whole, however slowly it is read`() async throws {
            let size = 1_000_000
            let script: ScriptedUpstream.Script = serving { _ in ok(String(repeating: "x", count: size)) }
            try await self.withSecureProxy(script) { gateway, _ in
                let client = try await gateway.connect(buffers: 16_384)
                defer { client.close() }
                client.readSlowly(ahead: 65_536)
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                _ = try await client.head()
                var count = 0
                while let bytes = try await client.some() { count += bytes.readableBytes }
                #expect(count == size)
            }
        }
    }
}
