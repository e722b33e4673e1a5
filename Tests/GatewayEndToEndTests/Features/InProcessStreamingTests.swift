import Gateway
import HTTPTypes
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import GatewayCore

@Suite(.timeLimit(.minutes(10)))
struct InProcessStreamingTests {
    /// How much the kernel, the gateway and one chunk per side may hold between the two ends of a connection.
    static let slack = 24 << 20
    static let chunk = ByteBuffer(repeating: UInt8(ascii: "."), count: 64 * 1024)

    @Test func `a handler does not get ahead of a client that reads slowly`() async throws {
        let written = NIOLockedValueBox(0)
        let (ended, end) = AsyncStream.makeStream(of: Bool.self)
        try await InProcessGateway { _ in
            AsyncResponse(
                status: .ok,
                headers: [.contentLength: String(1 << 30)],
                body: .stream { writer in
                    do {
                        for _ in 0..<(1 << 30) / Self.chunk.readableBytes {
                            try await writer.write(Self.chunk)
                            written.withLockedValue { $0 += Self.chunk.readableBytes }
                        }
                    } catch {
                        end.yield(error is CancellationError)
                        throw error
                    }
                }
            )
        }.run { gateway in
            try await gateway.connect { client in
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                var read = 0
                var furthest = 0
                while read < 192 << 20, let bytes = try await client.some() {
                    read += bytes.readableBytes
                    furthest = max(furthest, written.withLockedValue { $0 } - read)
                }
                #expect(read >= 192 << 20)
                #expect(furthest < Self.slack)
            }
            // The client has left in the middle of the body.
            #expect(await ended.first { _ in true } == true)
        }
        #expect(written.withLockedValue { $0 } < 1 << 30)
    }

    @Test func `a client does not get ahead of a handler that reads slowly`() async throws {
        let sent = NIOLockedValueBox(0)
        let total = 128 << 20
        let answer = try await InProcessGateway { request in
            let ahead = try await Self.settled(sent)
            var read = 0
            for try await chunk in request.body { read += chunk.readableBytes }
            let text = ahead < Self.slack ? "\(read) bytes" : "\(ahead) ahead"
            return AsyncResponse(contentType: "text/plain", text: text)
        }.run { gateway in
            try await gateway.connect { client in
                try await client.send(
                    "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: \(total)\r\n\r\n"
                )
                for _ in 0..<total / Self.chunk.readableBytes {
                    try await client.send(Self.chunk)
                    sent.withLockedValue { $0 += Self.chunk.readableBytes }
                }
                return try await client.rest()
            }
        }
        #expect(answer.hasSuffix("\r\n\r\n\(total) bytes"))
    }

    /// Waits until a number stops growing.
    private static func settled(_ number: NIOLockedValueBox<Int>) async throws -> Int {
        var (last, unchanged) = (0, 0)
        while unchanged < 100 {
            try await Task.sleep(for: .milliseconds(1))
            let now = number.withLockedValue { $0 }
            unchanged = now == last && now > 0 ? unchanged + 1 : 0
            last = now
        }
        return last
    }

    @Test func `both bodies stream at the same time`() async throws {
        let echoes = try await InProcessGateway { request in
            AsyncResponse(
                status: .ok,
                body: .stream { writer in
                    for try await chunk in request.body {
                        try await writer.write(ByteBuffer(string: String(buffer: chunk).uppercased()))
                    }
                }
            )
        }.run { gateway in
            try await gateway.connect { client in
                try await client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
                var echoes = [try await client.head().hasPrefix("HTTP/1.1 200 ") ? "200" : ""]
                for word in ["one", "two", "six"] {
                    try await client.send("3\r\n\(word)\r\n")
                    echoes.append(try await client.text(through: "\(word.uppercased())\r\n"))
                }
                try await client.send("0\r\n\r\n")
                echoes.append(try await client.text(through: "0\r\n\r\n"))
                return echoes
            }
        }
        #expect(echoes == ["200", "3\r\nONE\r\n", "3\r\nTWO\r\n", "3\r\nSIX\r\n", "0\r\n\r\n"])
    }

    @Test(arguments: ["GET / HTTP/1.1\r\nHost: a\r\n\r\n", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n"])
    func `a client that leaves cancels the handler`(_ request: String) async throws {
        let (events, event) = AsyncStream.makeStream(of: String.self)
        try await InProcessGateway { request in
            event.yield("begun")
            do {
                // Neither the rest of the body nor the end of this hour will arrive.
                if request.head.method == .post { for try await _ in request.body {} }
                try await Task.sleep(for: .seconds(3600))
            } catch {
                event.yield("\(type(of: error))")
                throw error
            }
            return AsyncResponse(status: .ok)
        }.run { gateway in
            var iterator = events.makeAsyncIterator()
            try await gateway.connect { client in
                try await client.send(request)
                #expect(await iterator.next() == "begun")
            }
            #expect(await iterator.next() == "CancellationError")
        }
    }

    @Test func `a cancelled read consumes nothing`() async throws {
        let (reads, read) = AsyncStream.makeStream(of: Void.self)
        let answer = try await InProcessGateway { request in
            let first = Task { try await request.body.first { _ in true } }
            first.cancel()
            let lost = (try? await first.value)?.map { String(buffer: $0) } ?? "nothing"
            read.yield()
            let body = try await request.body.collect(upTo: 100)
            return AsyncResponse(contentType: "text/plain", text: "\(lost), then \(String(buffer: body))")
        }.run { gateway in
            try await gateway.connect { client in
                try await client.send("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 5\r\n\r\n")
                for await _ in reads { break }
                try await client.send("abcde")
                return try await client.rest()
            }
        }
        #expect(answer.hasSuffix("nothing, then abcde"))
    }

    @Test func `simultaneous requests after an aborted one are not mixed up`() async throws {
        let (arrivals, arrival) = AsyncStream.makeStream(of: CheckedContinuation<Void, Never>.self)
        let gateway = InProcessGateway { request in
            let path = request.head.path ?? ""
            if path == "/cut" {
                return AsyncResponse(status: .ok, body: .stream { _ in throw CancellationError() })
            }
            await withCheckedContinuation { arrival.yield($0) }
            return AsyncResponse(contentType: "text/plain", text: path)
        }
        let answers = try await gateway.run { gateway in
            _ = try await gateway.answer("GET /cut")
            async let first = gateway.answer("GET /first")
            async let second = gateway.answer("GET /second")
            var iterator = arrivals.makeAsyncIterator()
            let both = [await iterator.next(), await iterator.next()]
            for one in both { one?.resume() }
            return [try await first, try await second]
        }
        #expect(answers[0].hasSuffix("\r\n\r\n/first"))
        #expect(answers[1].hasSuffix("\r\n\r\n/second"))
    }

    @Test func `a connection serves one exchange after another`() async throws {
        let answers = try await InProcessGateway { request in
            AsyncResponse(contentType: "text/plain", text: "<\(request.head.path ?? "")>")
        }.run { gateway in
            try await gateway.connect { client in
                let paths = (0..<50).map { "/\($0)" }
                try await client.send(paths.map { "GET \($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined())
                var answers: [String] = []
                for _ in paths {
                    _ = try await client.head()
                    answers.append(try await client.text(through: ">"))
                }
                return answers
            }
        }
        #expect(answers == (0..<50).map { "</\($0)>" })
    }
}
