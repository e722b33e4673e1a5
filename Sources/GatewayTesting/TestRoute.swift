public import Gateway
public import HTTPTypes
import Logging
import NIOCore

/// A route without sockets: requests go down its chain to a ``FakeUpstream``, and the answers climb back.
///
/// ```swift
/// let route = try await TestRoute(.of(Tenant.self, defaults: .init()))
/// #expect(try await route.send(.get, "/").status == 400)
/// #expect(try await route.send(.get, "/", headers: [.tenant: "a"]).status == 200)
/// #expect(route.upstream.requests.count == 1)
/// ```
///
/// Chain, bodies and deadlines are those of the gateway; time is that of ``clock``.
public final class TestRoute: Sendable {
    /// What answers behind the chain.
    public let upstream: FakeUpstream
    /// The time of the chain and of the upstream.
    public let clock: ManualClock
    private let gateway: SocketlessGateway

    /// A route on every path with these middlewares alone, the first outermost.
    ///
    /// - Throws: `ConfigurationErrors`, what a middleware says of its settings among them.
    public convenience init(
        _ middlewares: MiddlewareRegistration...,
        upstream: FakeUpstream = FakeUpstream(),
        clock: ManualClock = ManualClock()
    ) async throws {
        var list = MiddlewareList.empty
        for middleware in middlewares { list = list.appending(middleware) }
        var app = UpstreamConfiguration()
        app.builtin = .inProcess
        var route = RouteConfiguration()
        route.name = "test"
        route.path = "/*"
        route.upstream = "app"
        var configuration = GatewayConfiguration()
        configuration.upstreams = ["app": app]
        configuration.routes = [route]
        try await self.init(configuration, middlewares: list, upstream: upstream, clock: clock)
    }

    /// The routes of a configuration. The fake stands for all upstreams with `builtin = "in_process"`.
    ///
    /// - Throws: `ConfigurationErrors`.
    public init(
        _ configuration: GatewayConfiguration,
        middlewares: MiddlewareList = .standard,
        upstream: FakeUpstream = FakeUpstream(),
        clock: ManualClock = ManualClock()
    ) async throws {
        self.upstream = upstream
        self.clock = clock
        let handlers = configuration.upstreams.mapValues { _ -> InProcessHandler in
            { try await upstream.answer($0, clock) }
        }
        self.gateway = try await SocketlessGateway(
            configuration,
            middlewares: middlewares,
            inProcess: handlers,
            eventLoop: clock.eventLoop,
            timeOfDay: { clock.unixMilliseconds },
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    deinit { self.gateway.stop() }

    /// Sends a request and waits for its answer.
    ///
    /// - Parameters:
    ///   - method: the method.
    ///   - path: path and query.
    ///   - headers: the fields; `Host` is `test` where none is given.
    ///   - body: the chunks of the body; none for a request without one.
    ///   - address: the client's IP address; anything else is a client on a Unix socket.
    ///   - isSecure: whether the client came by TLS.
    public func send(
        _ method: HTTPRequest.Method,
        _ path: String,
        headers: HTTPFields = [:],
        body: String...,
        from address: String = "192.0.2.1",
        isSecure: Bool = false
    ) async throws -> TestAnswer {
        try await self.start(method, path, headers: headers, body: body, from: address, isSecure: isSecure).answer()
    }

    /// Sends a request without waiting for its answer; the parameters are those of
    /// ``send(_:_:headers:body:from:isSecure:)``.
    public func start(
        _ method: HTTPRequest.Method,
        _ path: String,
        headers: HTTPFields = [:],
        body: [String] = [],
        from address: String = "192.0.2.1",
        isSecure: Bool = false
    ) async throws -> TestExchange {
        var head = "\(method.rawValue) \(path) HTTP/1.1\r\n"
        if headers[Self.host] == nil { head += "Host: test\r\n" }
        if !body.isEmpty, headers[.contentLength] == nil { head += "Transfer-Encoding: chunked\r\n" }
        for field in headers { head += "\(field.name.rawName): \(field.value)\r\n" }
        let exchange = TestExchange()
        let leave = try await self.gateway.send(
            ByteBuffer(string: head + "\r\n"),
            body: body.map { ByteBuffer(string: $0) },
            from: address,
            isSecure: isSecure,
            tell: { exchange.take($0) }
        )
        exchange.leaves(by: leave)
        return exchange
    }

    /// What `/metrics` would show of this route now, in Prometheus' text format.
    public func metrics() async -> String { await self.gateway.metrics() }

    /// swift-http-types keeps `Host` for the authority, and has no name for the field.
    private static let host = HTTPField.Name("Host") ?? .accept
}
