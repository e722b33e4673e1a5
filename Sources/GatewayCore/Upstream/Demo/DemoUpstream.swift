import GatewayHTTP
import GatewaySettings
package import HTTPTypes
import NIOCore

/// An upstream for trying out a gateway. Its pages are large, slow, streamed or faulty, or describe the request.
struct DemoUpstream: Sendable {
    /// Sleeps for the given duration.
    var sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    /// A random number from 0 to 99.
    var percentile: @Sendable () -> Int = { Int.random(in: 0..<100) }
    /// Seconds since 1970.
    var second: @Sendable () -> Int64 = { Platform.unixMilliseconds() / 1000 }

    static let handle: InProcessHandler = DemoUpstream().respond

    /// The pages: a path, a summary, and an example for a path with a placeholder.
    static let pages: [(path: String, summary: String, example: String)] = [
        ("/", "this page", "/"),
        ("/json", "a small JSON document", "/json"),
        ("/bytes/N", "N bytes, up to 10 GiB", "/bytes/1048576"),
        ("/slow/MS", "answers after MS milliseconds, up to 10 minutes", "/slow/1500"),
        ("/status/CODE", "answers with this status, 200 to 599", "/status/503"),
        ("/echo", "method, path, query, headers and body of the request as JSON", "/echo?a=1"),
        ("/stream/N", "N chunks of text, one after the other", "/stream/10"),
        ("/sse", "one server-sent event a second until you leave; ?n=3 ends after three", "/sse?n=3"),
        ("/ws", "WebSocket echo", "/ws"),
        ("/etag", "a document with a strong ETag, and 304 for who has it", "/etag"),
        ("/flaky/PERCENT", "fails with 503 in this share of requests", "/flaky/30"),
        ("/cached", "fresh for 60 s", "/cached"),
        ("/stale", "fresh for 1 s, then stale-while-revalidate=60", "/stale"),
        ("/vary", "in the language of Accept-Language: en, de, fr, es", "/vary"),
    ]

    @Sendable
    func respond(to request: AsyncRequest) async throws -> AsyncResponse {
        let target = RequestTarget(request.head.path ?? "/")
        let segments = target.segments
        switch (segments.first, segments.count) {
        case (nil, _): return DemoPage.response
        case ("json", 1): return DemoDocument.json
        case ("echo", _): return try await DemoEcho.respond(to: request, target)
        case ("etag", 1): return DemoDocument.tagged(ifNoneMatch: request.head.headerFields[.ifNoneMatch])
        case ("cached", 1): return DemoCaching(second: self.second()).cached
        case ("stale", 1): return DemoCaching(second: self.second()).stale
        case ("vary", 1):
            let languages = request.head.headerFields[.acceptLanguage]
            return DemoCaching(second: self.second()).greeting(acceptLanguage: languages)
        case ("sse", 1): return self.events(target)
        case ("ws", 1): return DemoWebSocket.respond(to: request)
        case ("bytes", 2): return Self.with(segments[1], in: 0...10 << 30, "a number of bytes", Self.bytes)
        case ("stream", 2): return Self.with(segments[1], in: 0...1_000_000, "a number of chunks", Self.chunks)
        case ("status", 2): return Self.with(segments[1], in: 200...599, "a status", Self.status)
        case ("flaky", 2):
            let percentile = self.percentile()
            return Self.with(segments[1], in: 0...100, "a percentage") { percent in
                percentile < percent
                    ? .problem(.serviceUnavailable, "This time it failed, as \(percent) % of the requests do.")
                    : .text("This time it went well.\n")
            }
        case ("slow", 2):
            guard let milliseconds = Self.number(segments[1], in: 0...600_000) else {
                return Self.unsuitable("a number of milliseconds", 0...600_000)
            }
            try await self.sleep(.milliseconds(milliseconds))
            return .text("This took \(milliseconds) ms.\n")
        default: return .problem(.notFound, "The demo upstream has no such page. GET / lists what there is.")
        }
    }

    // MARK: Pages

    private static func bytes(_ count: Int) -> AsyncResponse {
        let chunk = ByteBuffer(repeating: UInt8(ascii: "."), count: min(count, 64 * 1024))
        var response = AsyncResponse(
            status: .ok,
            body: .stream { writer in
                var rest = count
                while rest > 0 {
                    let size = min(rest, chunk.readableBytes)
                    try await writer.write(chunk.getSlice(at: chunk.readerIndex, length: size) ?? chunk)
                    rest -= size
                }
            }
        )
        response.head.headerFields[.contentType] = "application/octet-stream"
        response.head.headerFields[.contentLength] = String(count)
        return response
    }

    private static func chunks(_ count: Int) -> AsyncResponse {
        AsyncResponse(
            status: .ok,
            headers: [.contentType: "text/plain; charset=utf-8"],
            body: .stream { writer in
                for number in 1...max(1, count) where number <= count {
                    try await writer.write(ByteBuffer(string: "chunk \(number) of \(count)\n"))
                }
            }
        )
    }

    private static func status(_ code: Int) -> AsyncResponse {
        AsyncResponse(
            status: HTTPResponse.Status(code: code),
            contentType: "application/json",
            text: "{\"status\":\(code)}\n"
        )
    }

    private func events(_ target: RequestTarget) -> AsyncResponse {
        var limit = Int.max
        if let text = target.parameter("n") {
            guard let number = Self.number(text, in: 0...1_000_000) else {
                return Self.unsuitable("a number of events", 0...1_000_000)
            }
            limit = number
        }
        let sleep = self.sleep
        return AsyncResponse(
            status: .ok,
            headers: [.contentType: "text/event-stream", .cacheControl: "no-cache"],
            body: .stream { [limit] writer in
                var number = 0
                while number < limit {
                    if number > 0 { try await sleep(.seconds(1)) }
                    number += 1
                    try await writer.write(ByteBuffer(string: "id: \(number)\ndata: event \(number)\n\n"))
                }
            }
        )
    }

    // MARK: Numbers

    private static func with(
        _ text: Substring,
        in range: ClosedRange<Int>,
        _ what: String,
        _ respond: (Int) -> AsyncResponse
    ) -> AsyncResponse {
        guard let number = self.number(text, in: range) else { return self.unsuitable(what, range) }
        return respond(number)
    }

    private static func number(_ text: Substring, in range: ClosedRange<Int>) -> Int? {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(text) else { return nil }
        return range.contains(number) ? number : nil
    }

    private static func unsuitable(_ what: String, _ range: ClosedRange<Int>) -> AsyncResponse {
        .problem(.badRequest, "Write \(what) from \(range.lowerBound) to \(range.upperBound).")
    }
}

/// A request target, split into path and query.
package struct RequestTarget {
    package let path: Substring
    /// The query without the question mark.
    package let query: Substring

    package init(_ target: String) {
        let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) ?? target.endIndex
        self.path = target[..<mark]
        self.query = mark < target.endIndex ? target[target.utf8.index(after: mark)...] : ""
    }

    package var segments: [Substring] { self.path.split(separator: "/") }

    /// Returns the first value of a query parameter, without decoding it.
    package func parameter(_ name: String) -> Substring? {
        for pair in self.query.split(separator: "&") where pair.hasPrefix(name + "=") {
            return pair.dropFirst(name.count + 1)
        }
        return nil
    }
}

extension AsyncResponse {
    package static func text(_ text: String) -> AsyncResponse {
        AsyncResponse(contentType: "text/plain; charset=utf-8", text: text)
    }

    /// Returns an error response. Its format differs from that of the gateway's errors.
    package static func problem(_ status: HTTPResponse.Status, _ message: String) -> AsyncResponse {
        AsyncResponse(
            status: status,
            contentType: "application/json",
            text: JSONText.text(["error": .string(message), "status": .integer(status.code)]) + "\n"
        )
    }
}
