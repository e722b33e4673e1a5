public import Gateway
public import GatewayCore
import GatewayHTTP
public import GatewayMiddlewares
public import GatewaySettings
public import HTTPTypes
import Logging
import NIOCore

/// A route without sockets. Requests pass through its chain to a ``FakeUpstream``, and responses pass back through it.
///
/// ```swift
/// let route = try await TestRoute(.of(Tenant.self, defaults: .init()))
/// #expect(try await route.send(.get, "/").status == 400)
/// #expect(try await route.send(.get, "/", headers: [.tenant: "a"]).status == 200)
/// #expect(route.upstream.requests.count == 1)
/// ```
///
/// The chain, bodies and deadlines work as in the gateway. Time is controlled by ``clock``.
public final class TestRoute: Sendable {
    /// The upstream at the end of the chain.
    public let upstream: FakeUpstream
    /// The clock of the chain and of the upstream.
    public let clock: ManualClock
    private let gateway: SocketlessGateway

    /// Creates a route that matches every path and has only these middlewares. The first one is the outermost.
    ///
    /// - Throws: `ConfigurationErrors`, including errors that a middleware reports about its settings.
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

    /// Creates the routes of a configuration. The fake upstream replaces every upstream with `builtin = "in_process"`.
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

    /// Sends a request and waits for the response.
    ///
    /// - Parameters:
    ///   - method: The method.
    ///   - path: The path and query.
    ///   - headers: The header fields. `Host` defaults to `test`.
    ///   - body: The chunks of the body, if any.
    ///   - address: The client's IP address. Any other text means a client on a Unix socket.
    ///   - isSecure: Whether the client used TLS.
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

    /// Starts a request and returns without waiting for the response. The parameters are those of
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

    /// Returns the current output of `/metrics`, in the Prometheus text format.
    public func metrics() async -> String { await self.gateway.metrics() }

    /// The `Host` field. swift-http-types uses the authority instead and does not define a name for it.
    private static let host = HTTPField.Name("Host") ?? .accept
}
