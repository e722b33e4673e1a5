import NIOCore
import NIOPosix
import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewayHTTP
@testable import GatewaySettings

/// Requests of the gateway itself, over sockets.
@Suite struct OutboundClientTests {
    /// What became of a request.
    private enum Outcome: Equatable, Sendable {
        case response(Int, fields: [String], body: String, isTruncated: Bool)
        case failure(OutboundFailure.Kind)

        init(_ result: Result<OutboundResponse, OutboundFailure>) {
            switch result {
            case .success(let response):
                self = .response(
                    response.status,
                    fields: response.head.headers.lines,
                    body: String(buffer: response.body),
                    isTruncated: response.isTruncated
                )
            case .failure(let failure): self = .failure(failure.kind)
            }
        }

        static func response(_ status: Int, _ body: String, isTruncated: Bool = false) -> Self {
            .response(status, fields: ["Content-Length: \(body.utf8.count)"], body: body, isTruncated: isTruncated)
        }
    }

    private static func request(timeout: TimeAmount = .seconds(5), maxBody: Int = 64) -> OutboundRequest {
        OutboundRequest(.get, path: "/check?a=b", timeout: timeout, maxBody: maxBody)
    }

    /// Sends the requests one after the other.
    private func send(_ requests: [OutboundRequest], to url: TargetURL) async throws -> [Outcome] {
        var configuration = GatewayConfiguration()
        var forward = ForwardAuthConfiguration()
        forward.url = try #require(ServiceURL("\(url)/"))
        configuration.auth.forward = forward
        let registry = UpstreamRegistry(configuration, inProcess: [:])
        #expect(registry.configuration.isEmpty && registry.targets.isEmpty)
        #expect(registry.targetLabels.keys.sorted() == ["_auth_forward"])
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let (cluster, worker) = try await loop.submit {
            let worker = WorkerFixture.make(on: loop)
            let cluster = try #require(registry.makeUpstreams(for: worker)["_auth_forward"] as? UpstreamCluster)
            return (NIOLoopBound(cluster, eventLoop: loop), NIOLoopBound(worker, eventLoop: loop))
        }.get()
        var outcomes: [Outcome] = []
        for request in requests {
            let outcome = loop.flatSubmit {
                let promise = loop.makePromise(of: Outcome.self)
                OutboundClient(to: cluster.value).send(request) { promise.succeed(Outcome($0)) }
                return promise.futureResult
            }
            outcomes.append(try await outcome.get())
        }
        try await loop.submit {
            cluster.value.stop()
            worker.value.deadlines.stop()
        }.get()
        return outcomes
    }

    private func send(_ request: OutboundRequest, to response: String) async throws -> Outcome? {
        let server = try await CannedServer.start(response)
        let outcome = try await self.send([request], to: server.url).first
        try await server.stop()
        return outcome
    }

    private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

    @Test func `requests are sent as given, over one connection`() async throws {
        let server = try await CannedServer.start(Self.ok)
        var request = Self.request()
        request.fields = PreparedFields { $0.add(HeaderName("X-Key"), "a\r\nb: c".utf8) }
        let outcomes = try await self.send([request, Self.request()], to: server.url)
        #expect(outcomes == [.response(200, "hello"), .response(200, "hello")])
        let start = "GET /check?a=b HTTP/1.1\r\nHost: 127.0.0.1:\(server.port)"
        #expect(server.log.requests == ["\(start)\r\nX-Key: a__b: c", start])
        #expect(server.log.connections == 1)
        try await server.stop()
    }

    @Test func `a body is sent with its length`() async throws {
        let server = try await CannedServer.start(Self.ok)
        var request = OutboundRequest(.post, path: "/", timeout: .seconds(5), maxBody: 64)
        // What looks like the end of a head makes the server record it.
        request.body = ByteBuffer(string: "body\r\n\r\n")
        #expect(try await self.send([request], to: server.url).first == .response(200, "hello"))
        let head = "POST / HTTP/1.1\r\nHost: 127.0.0.1:\(server.port)\r\nContent-Length: 8"
        #expect(server.log.requests.first == head)
        try await server.stop()
    }

    @Test func `redirects and errors are responses`() async throws {
        let redirect = "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"
        #expect(try await self.send(Self.request(), to: redirect) == .response(302, ""))
        let error = "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 500 Oops\r\nContent-Length: 2\r\n\r\nno"
        #expect(try await self.send(Self.request(), to: error) == .response(500, "no"))
    }

    @Test(arguments: [false, true]) func `a body over the limit`(truncates: Bool) async throws {
        var request = Self.request(maxBody: 4)
        if truncates { request.whenTooLarge = .truncate }
        let fields = ["Content-Length: 5"]
        let expected =
            truncates
            ? Outcome.response(200, fields: fields, body: "hell", isTruncated: true) : .failure(.tooLarge)
        #expect(try await self.send(request, to: Self.ok) == expected)
        let endless = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1000\r\n"
        let chunk = endless + String(repeating: "x", count: 0x1000)
        if !truncates { #expect(try await self.send(request, to: chunk) == .failure(.tooLarge)) }
    }

    @Test(arguments: [
        "", "HTTP/1.1 103 Early Hints\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-", Self.ok.replacing("5", with: "6"),
    ])
    func `an incomplete response fails in time`(response: String) async throws {
        let request = Self.request(timeout: .milliseconds(30))
        #expect(try await self.send(request, to: response) == .failure(.timeout))
    }

    @Test func `other failures have kinds`() async throws {
        #expect(try await self.send(Self.request(), to: "SSH-2.0\r\n\r\n") == .failure(.malformed))
        #expect(
            try await self.send(Self.request(), to: "HTTP/1.1 101 Go\r\nUpgrade: x\r\n\r\n") == .failure(.malformed)
        )
        let plain = try await CannedServer.start("HTTP/1.1 400 Bad Request\r\n\r\n")
        let secure = TargetURL.https(host: "127.0.0.1", port: plain.port)
        // The server sees no end of a head in a ClientHello and says nothing.
        #expect(try await self.send([Self.request(timeout: .milliseconds(30))], to: secure) == [.failure(.timeout)])
        try await plain.stop()
        // Nobody listens on this port.
        let refused = TargetURL.http(host: "127.0.0.1", port: 1)
        #expect(try await self.send([Self.request()], to: refused) == [.failure(.refused)])
    }

    @Test func `a cancelled request is not reported`() async throws {
        let request = Self.request()
        let server = try await CannedServer.start("")
        var configuration = GatewayConfiguration()
        configuration.upstreams["a"] = UpstreamConfiguration(
            service: try #require(ServiceURL("\(server.url)")),
            timeout: .seconds(5),
            maxConnections: 4
        )
        let registry = UpstreamRegistry(configuration, inProcess: [:])
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        try await loop.submit {
            let worker = WorkerFixture.make(on: loop)
            let cluster = try #require(registry.makeUpstreams(for: worker)["a"] as? UpstreamCluster)
            let call = OutboundClient(to: cluster).send(request) { _ in Issue.record("the request was cancelled") }
            call.cancel()
            call.cancel()
            cluster.stop()
            worker.deadlines.stop()
        }.get()
        try await server.stop()
    }
}
