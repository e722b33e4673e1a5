import GatewayHTTP1
import NIOCore
import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewaySettings

@Suite struct PollResponseTests {
    private static let patience = HealthCheckConfiguration.bodyLimit

    /// The result of a response that arrives in pieces of `size` bytes and then ends, or nil if it is not enough.
    private static func result(
        _ response: String,
        size: Int,
        ends: Bool = false,
        _ change: (inout HealthCheckConfiguration) -> Void = { _ in }
    ) -> PollResponse.OnInput {
        var health = HealthCheckConfiguration()
        change(&health)
        let request = PollPlan.Request(health, authority: Array("a".utf8))
        var poll = PollResponse(to: request, limits: HTTP1Limits())
        var rest = Array(response.utf8)[...]
        while !rest.isEmpty {
            let result = poll.received(ByteBuffer(bytes: rest.prefix(size)))
            if result != .needMore { return result }
            rest = rest.dropFirst(size)
        }
        return ends ? poll.ended() : .needMore
    }

    @Test(
        arguments: [
            ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", .succeeded),
            ("HTTP/1.1 204 No Content\r\n\r\n", .succeeded),
            ("HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n", .succeeded),
            ("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", .succeeded),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", .succeeded),
            // An unexpected status needs no body.
            ("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 100\r\n\r\n", .failed(.status(503))),
            ("HTTP/1.1 404 Not Found\r\n\r\n", .failed(.status(404))),
            ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", .failed(.error)),
            ("SSH-2.0-OpenSSH_9.6\r\n", .failed(.error)),
            ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", .failed(.error)),
            // The body has yet to end.
            ("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nok", .needMore),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", .needMore),
            ("HTTP/1.1 200 OK\r\n\r\nok", .needMore),
            ("HTTP/1.1 103 Early Hints\r\n\r\n", .needMore),
        ] as [(String, PollResponse.OnInput)]
    )
    func `a response is judged, whatever its pieces`(response: String, expected: PollResponse.OnInput) {
        for size in [1, 3, 1_000] { #expect(Self.result(response, size: size) == expected) }
    }

    @Test(
        arguments: [
            ("", .failed(.reset)),
            ("HTTP/1.1 200 OK\r\n", .failed(.reset)),
            ("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nok", .failed(.reset)),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", .failed(.reset)),
            ("HTTP/1.1 200 OK\r\n\r\nok", .succeeded),
        ] as [(String, PollResponse.OnInput)]
    )
    func `the end of the connection ends only a body without a length`(
        response: String,
        expected: PollResponse.OnInput
    ) {
        #expect(Self.result(response, size: 5, ends: true) == expected)
    }

    @Test(arguments: [("200,204", 204, true), ("200,204", 301, false), ("404", 404, true), ("500-599", 503, true)])
    func `the expected statuses decide`(expect: String, status: Int, isHealthy: Bool) throws {
        let set = try StatusSet(setting: .string(expect))
        let response = "HTTP/1.1 \(status) X\r\nContent-Length: 0\r\n\r\n"
        let result = Self.result(response, size: 100) { $0.expect = set }
        #expect(result == (isHealthy ? .succeeded : .failed(.status(status))))
    }

    @Test(
        arguments: [
            ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nall right", .succeeded),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nri\r\n3\r\nght\r\n0\r\n\r\n", .succeeded),
            ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong", .failed(.body)),
            ("HTTP/1.1 204 No Content\r\n\r\n", .failed(.body)),
            // Nothing after the text matters.
            ("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nright", .succeeded),
            ("HTTP/1.1 503 X\r\nContent-Length: 5\r\n\r\nright", .failed(.status(503))),
        ] as [(String, PollResponse.OnInput)]
    )
    func `the body must contain the text`(response: String, expected: PollResponse.OnInput) {
        for size in [1, 4, 1_000] { #expect(Self.result(response, size: size) { $0.body = "right" } == expected) }
    }

    @Test func `the search ends after 64 KiB`() {
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n"
        let padding = String(repeating: "x", count: Self.patience - 2)
        #expect(Self.result(head + padding + "ok", size: 1_000) { $0.body = "ok" } == .succeeded)
        #expect(Self.result(head + padding + "xok", size: 1_000) { $0.body = "ok" } == .failed(.body))
        #expect(Self.result(head + padding + "xx", size: 1_000) == .succeeded)
        #expect(Self.result(head + padding, size: 1_000) == .needMore)
    }

    @Test func `a response to HEAD has no body`() {
        let response = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
        #expect(Self.result(response, size: 100) { $0.method = "HEAD" } == .succeeded)
    }
}
