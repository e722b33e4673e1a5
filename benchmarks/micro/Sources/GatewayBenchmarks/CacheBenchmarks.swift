import NIOCore
import NIOEmbedded

@testable import Gateway
@testable import GatewayCore
@testable import GatewayHTTP
@testable import GatewayHTTP1
@testable import GatewayMiddlewares
@testable import GatewaySettings

/// A complete exchange that a stored response answers, without sockets: parsed, routed, down to the cache, answered, back
/// up and completed.
enum CacheBenchmarks {
    static let all = [
        MicroBenchmark("cache.hit") {
            try Self.hitting(with: ChainBenchmarks.none, body: ByteBuffer(repeating: UInt8(ascii: "x"), count: 1024))
        },
        // 8 KiB of text that were encoded for an earlier request.
        MicroBenchmark("cache.hit.encoded") {
            try Self.hitting(
                with: ChainBenchmarks.none.replacing("compression = false\n", with: ""),
                body: ByteBuffer(string: String(repeating: "{\"id\":4711,\"name\":\"amber\"},", count: 300))
            )
        },
    ]

    private static let request = """
        GET /v1/orders/42 HTTP/1.1
        Host: api.example.com
        User-Agent: curl/8.9.1
        Accept: application/json
        Accept-Encoding: gzip


        """.crlf

    private static func hitting(with middlewares: String, body: ByteBuffer) throws -> () throws -> Void {
        let upstream = AbsentUpstream()
        let worker = try ChainBenchmarks.worker(middlewares + "[middleware.cache]\n", upstream)
        let client = SilentClient()
        let request = ByteBuffer(string: Self.request)
        var parser = RequestParser(limits: HTTP1Limits())

        func send() throws -> Exchange {
            let exchange = worker.makeExchange()
            var buffer = request
            guard try parser.parse(&buffer, into: &exchange.request) else {
                throw UnexpectedOutcome("the request is incomplete")
            }
            exchange.reset(client: client, at: worker.now)
            exchange.driver.identifyClient(peer: ClientAddress(IPAddress(ipv4: 0xC000_0201)), trusted: false)
            exchange.driver.takeRoute()
            exchange.driver.descend()
            return exchange
        }

        // The first request is fetched. The second finds the stored response, and leaves its encoded form there.
        _ = try send()
        worker.eventLoop.assumeEmbedded?.run()
        guard let fetch = upstream.taken else { throw UnexpectedOutcome("the first request is not fetched") }
        try Self.answer(fetch, with: body)
        worker.eventLoop.assumeEmbedded?.run()
        upstream.taken = nil
        _ = try send()
        return {
            let exchange = try send()
            guard client.status == 200, exchange.state.stage == .idle, upstream.taken == nil else {
                throw UnexpectedOutcome("status \(client.status), \(exchange.state.stage)")
            }
        }
    }

    private static func answer(_ exchange: Exchange, with body: ByteBuffer) throws {
        var head = ByteBuffer(
            string: """
                HTTP/1.1 200 OK
                Content-Type: application/json
                Content-Length: \(body.readableBytes)
                Cache-Control: max-age=86400
                ETag: "v1"


                """.crlf
        )
        var parser = ResponseParser(limits: HTTP1Limits())
        guard try parser.parse(&head, into: &exchange.response, answering: .get) else {
            throw UnexpectedOutcome("the response is incomplete")
        }
        exchange.driver.receiveResponseHead()
        exchange.driver.receive(responseBody: body)
        exchange.driver.receiveResponseEnd(trailers: nil)
    }
}

extension EventLoop {
    fileprivate var assumeEmbedded: EmbeddedEventLoop? { self as? EmbeddedEventLoop }
}
