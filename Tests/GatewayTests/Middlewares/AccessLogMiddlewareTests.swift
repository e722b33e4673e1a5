import GatewayHTTP1
import NIOCore
import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewayMiddlewares

struct AccessLogMiddlewareTests {
    /// The log level of an exchange that took ten seconds, with its first byte after the given time.
    private static func level(of type: String, firstByteAfter first: TimeAmount) async throws -> AccessLogLevel {
        try await WorkerFixture.run { worker in
            let exchange = try worker.exchange("GET / HTTP/1.1", "Host: a")
            try exchange.respond("HTTP/1.1 200 OK", "Content-Type: \(type)", "Content-Length: 1")
            exchange.startedAt = worker.now - .seconds(10)
            exchange.firstByteAt = exchange.startedAt + first
            return AccessLogEntry(exchange, .complete, slow: .seconds(1)).accessLogLevel
        }
    }

    @Test(arguments: [
        ("text/html", 1, AccessLogLevel.warning), ("text/event-stream", 1, .info),
        ("text/event-stream; charset=utf-8", 999, .info), ("text/event-stream", 1000, .warning),
    ])
    func `an event stream is slow only if its first byte is`(
        type: String,
        firstByte: Int64,
        expected: AccessLogLevel
    ) async throws {
        let level = try await Self.level(of: type, firstByteAfter: .milliseconds(firstByte))
        #expect(level == expected)
    }
}
