import Gateway
import NIOCore
import Testing

@testable import GatewayCore
@testable import GatewayMiddlewares

/// Converts to upper case, and appends an exclamation mark.
private final class Shout: BodyTransform {
    let rank = BodyRank.rewrite

    func write(_ chunk: inout ByteBuffer, to sink: inout BodySink) throws(TransformError) {
        sink.write(chunk.readableBytesView.map { (0x61...0x7A).contains($0) ? $0 - 0x20 : $0 })
        chunk.clear()
    }

    func end(to sink: inout BodySink) throws(TransformError) { sink.write("!".utf8) }
}

private struct ShoutMiddleware: RequestHook {
    static let name = "shout"
    init(_ config: NoSettings, in context: inout BuildContext) {}
    func request(_ exchange: Exchange) -> Decision { .transform(Shout()) }
}

/// Collects the complete body.
private struct GatherMiddleware: RequestHook {
    static let name = "gather"
    init(_ config: NoSettings, in context: inout BuildContext) {}
    func request(_ exchange: Exchange) -> Decision {
        if case .none = exchange.collected { .collect(upTo: 1 << 20) } else { .next }
    }
}

extension EndToEnd {
    /// Bodies that middlewares collect or change, when the connection to the upstream fails.
    @Suite struct RequestTransformTests {
        enum Chain: String, CaseIterable, Sendable {
            case shout, gather, both

            var middlewares: MiddlewareList {
                var list = MiddlewareList.standard
                if self != .shout { list = list.appending(.of(GatherMiddleware.self)) }
                if self != .gather { list = list.appending(.of(ShoutMiddleware.self)) }
                return list
            }

            /// The end of a body on the wire. A transform makes its framing chunked.
            func end(of body: String) -> String { self == .gather ? String(body.suffix(12)) : "!\r\n0\r\n\r\n" }

            func changed(_ body: String) -> String { self == .gather ? body : body.uppercased() + "!" }
        }

        /// Answers once on the first connection, and closes it once the next request has arrived up to `received`.
        private static func dying(behind received: String) -> ScriptedUpstream.Script {
            { session in
                if session.index == 0 {
                    _ = try await session.request()
                    try await session.send(ok("first"))
                    _ = try await session.connection.text(through: received)
                    return
                }
                try await session.serve { ok("again \($0.method) \($0.text)") }
            }
        }

        @Test(arguments: Chain.allCases, [1, 3_000, 60_000])
        func `a retried body is sent completely and exactly once`(chain: Chain, length: Int) async throws {
            let body = String(String(repeating: "abcdefghi.", count: length / 10 + 1).prefix(length))
            let changed = chain.changed(body)
            try await withUpstream(Self.dying(behind: chain.end(of: body))) { upstream in
                try await withGateway(proxy(to: upstream.url), middlewares: chain.middlewares) { gateway in
                    _ = try await gateway.get("/")
                    let response = try await gateway.exchange(
                        "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: \(length)\r\n\r\n\(body)"
                    )
                    #expect(response.text == "again PUT \(changed)")
                    #expect(upstream.connections == 2)
                }
            }
        }

        @Test func `a retry sends the bytes from before the failure first`() async throws {
            try await withUpstream(Self.dying(behind: "ABC")) { upstream in
                try await withGateway(proxy(to: upstream.url), middlewares: Chain.shout.middlewares) { gateway in
                    _ = try await gateway.get("/")
                    let client = try await gateway.connect()
                    try await client.send("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
                    try await eventually("it is retried on another connection") { upstream.connections == 2 }
                    try await client.send("3\r\ndef\r\n0\r\n\r\n")
                    let response = try await client.response()
                    #expect(response.text == "again PUT ABCDEF!")
                    client.close()
                }
            }
        }

        @Test func `a body that may not be repeated is not retried, whether changed or not`() async throws {
            try await withUpstream(Self.dying(behind: "ABC!")) { upstream in
                try await withGateway(proxy(to: upstream.url), middlewares: Chain.both.middlewares) { gateway in
                    _ = try await gateway.get("/")
                    let response = try await gateway.exchange(
                        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
                    )
                    #expect(response.status == 502)
                    #expect(response.code == "upstream_reset")
                    #expect(upstream.connections == 1)
                }
            }
        }
    }
}
