import HTTPTypes
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import Gateway
@testable import GatewayCore

@Suite struct DemoUpstreamTests {
    private func ask(
        _ path: String,
        fields: HTTPFields = [:],
        body: AsyncBody = AsyncBody(),
        of upstream: DemoUpstream = DemoUpstream(sleep: { _ in })
    ) async throws -> (status: Int, headers: HTTPFields, chunks: [String]) {
        let head = HTTPRequest(method: .get, scheme: "http", authority: "a", path: path, headerFields: fields)
        let response = try await upstream.respond(to: AsyncRequest(head: head, body: body))
        var chunks: [String] = []
        for try await chunk in response.body { chunks.append(String(buffer: chunk)) }
        return (response.head.status.code, response.head.headerFields, chunks)
    }

    @Test(arguments: [
        "/bytes/-1", "/bytes/x", "/bytes/10737418241", "/bytes/99999999999999999999", "/slow/600001", "/slow/+1",
        "/status/99", "/status/101", "/status/600", "/stream/1000001", "/flaky/101", "/flaky/1.5", "/sse?n=x",
    ])
    func `an invalid number is a 400`(_ path: String) async throws {
        let answer = try await self.ask(path)
        #expect(answer.status == 400)
        #expect(answer.chunks.first?.contains("Write a") == true)
    }

    @Test(arguments: ["/bytes", "/bytes/1/2", "/json/x", "/nothing", "/Json"])
    func `an unknown page is a 404`(_ path: String) async throws {
        #expect(try await self.ask(path).status == 404)
    }

    @Test(arguments: [0, 1, 65_535, 65_536, 65_537, 200_000])
    func `the pieces of bytes add up`(_ count: Int) async throws {
        let answer = try await self.ask("/bytes/\(count)")
        #expect(answer.headers[.contentLength] == String(count))
        #expect(answer.chunks.map(\.utf8.count).reduce(0, +) == count)
        #expect(answer.chunks.allSatisfy { $0.utf8.count <= 65_536 })
    }

    @Test(arguments: [0, 1, 3])
    func `a stream has the requested number of chunks`(_ count: Int) async throws {
        let answer = try await self.ask("/stream/\(count)")
        #expect(answer.chunks == (0..<count).map { "chunk \($0 + 1) of \(count)\n" })
    }

    @Test func `events are a second apart and numbered`() async throws {
        let waited = NIOLockedValueBox<[Duration]>([])
        let upstream = DemoUpstream(sleep: { time in waited.withLockedValue { $0.append(time) } })
        let answer = try await self.ask("/sse?n=3", of: upstream)
        #expect(answer.chunks == (1...3).map { "id: \($0)\ndata: event \($0)\n\n" })
        #expect(waited.withLockedValue { $0 } == [.seconds(1), .seconds(1)])
    }

    @Test func `a slow page waits as long as requested`() async throws {
        let waited = NIOLockedValueBox<[Duration]>([])
        let upstream = DemoUpstream(sleep: { time in waited.withLockedValue { $0.append(time) } })
        #expect(try await self.ask("/slow/1500", of: upstream).status == 200)
        #expect(waited.withLockedValue { $0 } == [.milliseconds(1500)])
    }

    @Test(arguments: [(0, 0, 200), (1, 0, 503), (30, 29, 503), (30, 30, 200), (100, 99, 503)])
    func `the requested share fails`(_ percent: Int, _ percentile: Int, _ status: Int) async throws {
        let upstream = DemoUpstream(percentile: { percentile })
        #expect(try await self.ask("/flaky/\(percent)", of: upstream).status == status)
    }

    @Test(arguments: [
        (nil, 200), ("\"demo-1\"", 304), ("W/\"demo-1\"", 304), ("\"a\", \"demo-1\" ,\"b\"", 304), ("*", 304),
        ("\"demo-2\"", 200), ("demo-1", 200), ("", 200),
    ])
    func `a client with the tag gets 304`(_ condition: String?, _ status: Int) async throws {
        var fields = HTTPFields()
        fields[.ifNoneMatch] = condition
        let answer = try await self.ask("/etag", fields: fields)
        #expect(answer.status == status)
        #expect(answer.headers[.eTag] == "\"demo-1\"")
        #expect(answer.chunks.isEmpty == (status == 304))
    }

    @Test(arguments: [
        ("/cached", "max-age=60", "Made at 2026-01-01T00:00:00Z. Fresh for 60 s.\n"),
        (
            "/stale", "max-age=1, stale-while-revalidate=60",
            "Made at 2026-01-01T00:00:00Z. Fresh for 1 s, stale for 60 s more.\n"
        ),
    ])
    func `a document has a cache lifetime`(_ path: String, _ cacheControl: String, _ text: String)
        async throws
    {
        let answer = try await self.ask(path, of: DemoUpstream(second: { 1_767_225_600 }))
        #expect(answer.headers[.cacheControl] == cacheControl)
        #expect(answer.chunks == [text])
    }

    @Test(arguments: [
        (nil, "en"), ("", "en"), ("de", "de"), ("de-AT,en;q=0.5", "de"), ("it, fr;q=0.4, es; q=0.6", "es"),
        ("FR", "fr"), ("fr;q=0", "en"), ("en;q=0.1,de;q=x", "en"), ("*", "en"), (";;,=", "en"),
    ])
    func `the preferred language is used`(_ languages: String?, _ expected: String) async throws {
        var fields = HTTPFields()
        fields[.acceptLanguage] = languages
        let answer = try await self.ask("/vary", fields: fields)
        #expect(answer.status == 200)
        #expect(answer.headers[.contentLanguage] == expected)
        #expect(answer.headers[.vary] == "Accept-Language")
    }

    @Test func `a WebSocket key without Upgrade is a 426`() async throws {
        var fields = HTTPFields()
        fields[.secWebSocketKey] = "dGhlIHNhbXBsZSBub25jZQ=="
        let refused = try await self.ask("/ws", fields: fields)
        #expect(refused.status == 426)
        #expect(refused.headers[.upgrade] == "websocket")
        fields[.upgrade] = "websocket"
        let accepted = try await self.ask("/ws", fields: fields)
        #expect(accepted.status == 101)
        #expect(accepted.headers[.secWebSocketAccept] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    }

    @Test func `an echo contains the beginning of a large body and counts the rest`() async throws {
        let left = NIOLockedValueBox(64)
        let body = AsyncBody(next: {
            let isLeft = left.withLockedValue { left in
                left -= 1
                return left >= 0
            }
            return isLeft ? ByteBuffer(repeating: UInt8(ascii: "x"), count: 16 * 1024) : nil
        })
        let answer = try await self.ask("/echo", body: body)
        let text = answer.chunks.joined()
        #expect(text.contains("\"body_size\": 1048576"))
        #expect(text.contains("\"body_truncated\": true"))
        #expect((65_536..<67_000).contains(text.utf8.count))
    }

    @Test func `the first page lists all others`() async throws {
        let text = try await self.ask("/").chunks.joined()
        for page in DemoUpstream.pages {
            #expect(text.contains("href=\"\(page.example)\""))
            #expect(try await self.ask(page.example == "/sse" ? "/sse?n=1" : page.example).status != 404)
        }
    }
}
