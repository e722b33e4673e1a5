import Gateway
import GatewayTesting
import HTTPTypes
import NIOCore
import Testing

@testable import GatewayCore
@testable import GatewayHTTP

/// Asynchronous middlewares on a route without sockets.
struct AsyncMiddlewareTests {
    private static let user = HTTPField.Name("X-User")!

    private static func route(
        upstream: FakeUpstream = FakeUpstream(.init(headers: [.contentType: "text/plain"], text: "hello")),
        _ handle: @escaping Scripted.Handle
    ) async throws -> TestRoute {
        try await TestRoute(.of(Scripted.self, defaults: .init(handle)), upstream: upstream)
    }

    @Test func `a request and its response pass through`() async throws {
        let route = try await Self.route { request, next in try await next(request) }
        let answer = try await route.send(.post, "/a?b=c", body: "one", "two")
        #expect(answer.status == 200)
        #expect(answer.text == "hello")
        #expect(answer.headers[.contentLength] == "5")
        #expect(route.upstream.requests.first?.text == "onetwo")
    }

    @Test(arguments: [HTTPRequest.Method.get, .head])
    func `a response without a body passes through`(method: HTTPRequest.Method) async throws {
        let upstream = FakeUpstream(.init(status: .noContent), .init(headers: [.contentLength: "0"]))
        let route = try await Self.route(upstream: upstream) { request, next in try await next(request) }
        let none = try await route.send(method, "/")
        #expect(none.status == 204 && none.isComplete)
        let empty = try await route.send(method, "/")
        #expect(empty.status == 200 && empty.isComplete)
    }

    @Test func `the middleware receives the request`() async throws {
        let route = try await Self.route { request, _ in
            let head = request.head
            let text = [
                head.method.rawValue, head.scheme ?? "", head.authority ?? "", head.path ?? "",
                head.headerFields[Self.user] ?? "", request.clientAddress, request.route,
            ]
            return AsyncResponse(status: .ok, body: AsyncBody(text.joined(separator: " ")))
        }
        let answer = try await route.send(
            .put,
            "/a?b=c",
            headers: [Self.user: "ann"],
            from: "192.0.2.7",
            isSecure: true
        )
        #expect(answer.text == "PUT https test /a?b=c ann 192.0.2.7 test")
    }

    @Test func `the middleware can change both heads`() async throws {
        let route = try await Self.route { request, next in
            var request = request
            request.head.headerFields[Self.user] = "ann"
            request.head.headerFields[.cookie] = nil
            var response = try await next(request)
            response.head.status = .accepted
            response.head.headerFields[Self.user] = "bob"
            response.head.headerFields[.contentLength] = "7"
            return response
        }
        let answer = try await route.send(.get, "/", headers: [.cookie: "a=b"])
        let request = try #require(route.upstream.requests.first)
        #expect(request.head.headerFields[Self.user] == "ann")
        #expect(request.head.headerFields[.cookie] == nil)
        #expect(answer.status == 202)
        #expect(answer.headers[Self.user] == "bob")
        #expect(answer.headers[values: .contentLength] == ["5"])
        #expect(answer.text == "hello")
    }

    @Test func `the middleware can respond without the upstream`() async throws {
        let route = try await Self.route { _, _ in
            AsyncResponse(status: .unauthorized, headers: [.contentType: "text/plain"], body: AsyncBody("no"))
        }
        let answer = try await route.send(.get, "/")
        #expect(answer.status == 401 && answer.text == "no" && answer.headers[.contentLength] == "2")
        #expect(route.upstream.requests.isEmpty)
    }

    @Test func `the middleware can respond with a stream, without the upstream`() async throws {
        let route = try await Self.route { _, _ in
            AsyncResponse(status: .ok, body: AsyncBody(Counted(3)))
        }
        let answer = try await route.send(.get, "/")
        #expect(answer.text == "3 2 1 " && answer.isComplete)
        #expect(answer.headers[.contentLength] == nil)
    }

    @Test func `an error becomes a 500, and a gateway error is sent as such`() async throws {
        let failing = try await Self.route { _, _ in throw Unexpected() }
        #expect(try await failing.send(.get, "/").status == 500)
        let refusing = try await Self.route { _, _ in throw GatewayError.forbidden("Not today.") }
        let answer = try await refusing.send(.get, "/")
        #expect(answer.status == 403 && answer.text.contains("Not today."))
        let late = try await Self.route { request, next in
            _ = try await next(request)
            throw Unexpected()
        }
        #expect(try await late.send(.get, "/").status == 500)
    }

    @Test func `a failure of the upstream arrives as a response`() async throws {
        let route = try await Self.route(upstream: FakeUpstream(.failure)) { request, next in
            var response = try await next(request)
            response.head.headerFields[Self.user] = "\(response.head.status.code)"
            return response
        }
        let answer = try await route.send(.get, "/")
        #expect(answer.status == 502 && answer.headers[Self.user] == "502")
    }

    // MARK: Bodies

    @Test func `a request body can be collected before it is forwarded`() async throws {
        let route = try await Self.route { request, next in
            let whole = try await request.body.collect(upTo: 100)
            var request = request
            request.head.headerFields[Self.user] = String(buffer: whole)
            return try await next(request)
        }
        _ = try await route.send(.post, "/", body: "one", "two")
        let request = try #require(route.upstream.requests.first)
        #expect(request.head.headerFields[Self.user] == "onetwo" && request.text == "onetwo")
    }

    @Test func `a body that is too large throws, and can still be forwarded`() async throws {
        let route = try await Self.route { request, next in
            do {
                _ = try await request.body.collect(upTo: 3)
                return AsyncResponse(status: .ok)
            } catch let error as BodyTooLarge {
                #expect(error.limit == 3)
                return try await next(request)
            }
        }
        #expect(try await route.send(.post, "/", body: "one", "two").text == "hello")
        #expect(route.upstream.requests.first?.text == "onetwo")
    }

    @Test(arguments: [true, false])
    func `another body can be sent upstream`(collects: Bool) async throws {
        let route = try await Self.route { request, next in
            if collects { _ = try await request.body.collect(upTo: 100) }
            var request = request
            request.body = AsyncBody("other")
            return try await next(request)
        }
        _ = try await route.send(.post, "/", body: "one", "two")
        #expect(route.upstream.requests.first?.text == "other")
        _ = try await route.send(.post, "/")
        #expect(route.upstream.requests.last?.text == "other")
    }

    @Test func `a request body can be changed while it streams`() async throws {
        let route = try await Self.route { request, next in
            var request = request
            request.body = AsyncBody(request.body.map(Self.uppercased))
            return try await next(request)
        }
        _ = try await route.send(.post, "/", body: "one", "two")
        #expect(route.upstream.requests.first?.text == "ONETWO")
    }

    @Test func `a response body can be collected`() async throws {
        let route = try await Self.route(upstream: FakeUpstream(.chunks("a", "b", "c"))) { request, next in
            var response = try await next(request)
            let whole = try await response.body.collect(upTo: 100)
            response.head.headerFields[Self.user] = String(buffer: whole)
            return response
        }
        let answer = try await route.send(.get, "/")
        #expect(answer.headers[Self.user] == "abc" && answer.text == "abc")
    }

    @Test func `a response body can be changed while it streams`() async throws {
        let route = try await Self.route(upstream: FakeUpstream(.chunks("a", "b", "c"))) { request, next in
            var response = try await next(request)
            response.body = AsyncBody(response.body.map(Self.uppercased))
            return response
        }
        let answer = try await route.send(.get, "/")
        #expect(answer.text == "ABC" && answer.isComplete)
    }

    @Test func `the body of an error can be changed while it streams`() async throws {
        let route = try await Self.route(upstream: FakeUpstream(.failure)) { request, next in
            var response = try await next(request)
            response.body = AsyncBody(response.body.map(Self.uppercased))
            return response
        }
        #expect(try await route.send(.get, "/").text.contains("UPSTREAM_RESET"))
    }

    @Test(arguments: [1, 10_000, 1_000_000])
    func `a slow transform streams a body of any size`(size: Int) async throws {
        var answer = FakeUpstream.Answer.chunks()
        answer.chunks = (0..<20).map { ByteBuffer(repeating: UInt8(ascii: "a") + UInt8($0), count: size / 20 + 1) }
        let expected = answer.chunks.reduce(into: ByteBuffer()) { $0.writeImmutableBuffer($1) }
        let route = try await Self.route(upstream: FakeUpstream(answer)) { request, next in
            var response = try await next(request)
            response.body = AsyncBody(
                response.body.map { chunk in
                    await Task.yield()
                    return Self.uppercased(chunk)
                }
            )
            return response
        }
        let seen = try await route.send(.get, "/")
        #expect(seen.isComplete)
        #expect(seen.text == String(buffer: Self.uppercased(expected)))
    }

    @Test func `the client is cut off if the new body fails`() async throws {
        let route = try await Self.route(upstream: FakeUpstream(.chunks("a", "b", "c"))) { request, next in
            var response = try await next(request)
            response.body = AsyncBody(
                response.body.map { chunk throws in
                    if chunk.readableBytesView.first == UInt8(ascii: "b") { throw Unexpected() }
                    return chunk
                }
            )
            return response
        }
        #expect(try await !route.send(.get, "/").isComplete)
    }

    // MARK: Ends of exchanges

    @Test func `the middleware is cancelled when the client leaves`() async throws {
        let (stream, continuation) = AsyncStream<String>.makeStream()
        let route = try await Self.route { _, _ in
            continuation.yield("began")
            do {
                try await Task.sleep(for: .seconds(1000))
            } catch {
                continuation.yield("cancelled")
                throw error
            }
            return AsyncResponse(status: .ok)
        }
        var events = stream.makeAsyncIterator()
        let exchange = try await route.start(.get, "/")
        #expect(await events.next() == "began")
        await exchange.leave()
        #expect(await events.next() == "cancelled")
        #expect(await exchange.answer().status == 0)
    }

    @Test func `a deadline cancels the middleware`() async throws {
        let (stream, continuation) = AsyncStream<Void>.makeStream()
        let route = try await Self.route { _, _ in
            continuation.yield()
            try await Task.sleep(for: .seconds(1000))
            return AsyncResponse(status: .ok)
        }
        let exchange = try await route.start(.get, "/")
        var events = stream.makeAsyncIterator()
        _ = await events.next()
        await route.clock.advance(by: .seconds(61))
        #expect(await exchange.answer().status == 504)
    }

    @Test func `the middleware may respond without waiting for the upstream's response`() async throws {
        let upstream = FakeUpstream(.init(text: "late").after(.seconds(50)))
        let route = try await Self.route(upstream: upstream) { request, next in
            await withTaskGroup(of: Optional<AsyncResponse>.self) { group in
                group.addTask { try? await next(request) }
                await upstream.arrived()
                group.cancelAll()
                return AsyncResponse(status: .gatewayTimeout, body: AsyncBody("gave up"))
            }
        }
        #expect(try await route.send(.get, "/").text == "gave up")
    }

    @Test func `next may be called only once`() async throws {
        let route = try await Self.route { request, next in
            _ = try await next(request)
            return try await next(request)
        }
        #expect(try await route.send(.get, "/").status == 500)
    }

    private static func uppercased(_ chunk: ByteBuffer) -> ByteBuffer {
        ByteBuffer(string: String(buffer: chunk).uppercased())
    }
}

struct Unexpected: Error {}

/// Counts down to 1.
struct Counted: AsyncSequence, Sendable {
    let from: Int
    init(_ from: Int) { self.from = from }

    struct AsyncIterator: AsyncIteratorProtocol {
        var left: Int
        mutating func next() async throws -> ByteBuffer? {
            guard self.left > 0 else { return nil }
            defer { self.left -= 1 }
            await Task.yield()
            return ByteBuffer(string: "\(self.left) ")
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(left: self.from) }
}
