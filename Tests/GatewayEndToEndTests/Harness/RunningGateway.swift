import Logging
import NIOCore

@testable import Gateway
@testable import GatewayCore
@testable import GatewayMiddlewares
@testable import GatewaySettings

/// A gateway that listens on a free loopback port.
struct RunningGateway: Sendable {
    let server: GatewayServer
    let addresses: [SocketAddress]
    /// The outcome of ``GatewayServer/run()``.
    let run: Task<Void, any Error>

    /// - Parameter security: TLS of the connection; nil for that of the wire.
    func connect(buffers: Int? = nil, security: SecureClient? = nil) async throws -> RawConnection {
        try await RawConnection.connect(to: self.addresses[0], buffers: buffers, security: security)
    }

    var port: Int { self.addresses[0].port ?? 0 }
    var url: String { "http://127.0.0.1:\(self.port)" }

    /// Sends one request on a new connection and returns the final response.
    func exchange(_ request: String) async throws -> Message {
        let client = try await self.connect()
        defer { client.close() }
        try await client.send(request)
        return try await client.finalResponse(toHead: request.hasPrefix("HEAD "))
    }

    /// Sends a request to the admin API, which ``withGateway`` has to start.
    func admin(_ line: String, body: String = "") async throws -> Message {
        guard let address = try await self.server.adminAddress() else { throw TimedOut(what: "the admin API") }
        let client = try await RawConnection.connect(to: address)
        defer { client.close() }
        let head = "\(line) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        try await client.send(head + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
        return try await client.finalResponse()
    }

    /// `GET` with additional field lines.
    func get(_ target: String, _ fields: String...) async throws -> Message {
        let lines = fields.map { $0 + "\r\n" }.joined()
        return try await self.exchange("GET \(target) HTTP/1.1\r\nHost: a.example\r\n\(lines)\r\n")
    }
}

/// Runs a gateway while `body` runs.
///
/// - Parameter toml: The configuration without listeners, workers, log and drain time.
func withGateway<R>(
    _ toml: String,
    workers: Int = 1,
    listen: [ListenAddress] = [.host("127.0.0.1", port: 0)],
    admin: AdminListen = .off,
    drainTimeout: TimeSpan = .milliseconds(20),
    middlewares: MiddlewareList = .standard,
    accessLog: AccessLogTarget = .off,
    names: NameResolver.Settings = NameResolver.Settings(),
    log: Logger = Logger(label: "gateway"),
    _ body: (RunningGateway) async throws -> R
) async throws -> R {
    var configuration = try GatewayConfiguration(toml: toml, environment: [:])
    configuration.server.listen = listen
    configuration.server.workers = .count(workers)
    configuration.server.drainTimeout = drainTimeout
    configuration.admin.listen = admin
    configuration.log.access = accessLog
    configuration.log.slowRequest = .off
    try Wire.apply(to: &configuration)
    let server = try GatewayServer(
        configuration,
        middlewares: middlewares,
        inProcess: [:],
        names: names,
        log: log
    )
    let run = Task { try await server.run() }
    let gateway = RunningGateway(server: server, addresses: try await server.boundAddresses(), run: run)
    Wire.applied(to: configuration, at: gateway.addresses)
    defer { Wire.released(gateway.addresses) }
    do {
        let result = try await body(gateway)
        server.shutdown()
        _ = await run.result
        return result
    } catch {
        server.shutdown()
        _ = await run.result
        throw error
    }
}

/// A configuration that routes every path to one upstream.
func proxy(
    to urls: String...,
    server: String = "",
    limits: String = "",
    upstream: String = "",
    route: String = "",
    more: String = ""
) -> String {
    """
    [server]
    \(server)
    [server.limits]
    \(limits)
    [upstreams.api]
    targets = [\(urls.map { "\"\($0)\"" }.joined(separator: ", "))]
    \(upstream)
    [[routes]]
    name = "all"
    path = "/*"
    upstream = "api"
    \(route)
    \(more)
    """
}

/// Runs a gateway in front of one scripted upstream.
func withProxy<R>(
    _ script: @escaping ScriptedUpstream.Script,
    server: String = "",
    limits: String = "",
    upstream settings: String = "",
    route: String = "",
    more: String = "",
    workers: Int = 1,
    admin: AdminListen = .off,
    drainTimeout: TimeSpan = .milliseconds(20),
    buffers: Int? = nil,
    middlewares: MiddlewareList = .standard,
    _ body: (RunningGateway, ScriptedUpstream) async throws -> R
) async throws -> R {
    try await withUpstream(buffers: buffers, script) { upstream in
        let toml = proxy(
            to: upstream.url,
            server: server,
            limits: limits,
            upstream: settings,
            route: route,
            more: more
        )
        return try await withGateway(
            toml,
            workers: workers,
            admin: admin,
            drainTimeout: drainTimeout,
            middlewares: middlewares
        ) { gateway in try await body(gateway, upstream) }
    }
}

extension RunningGateway {
    /// Applies another configuration. What ``withGateway(_:workers:listen:drainTimeout:middlewares:accessLog:names:log:_:)``
    /// sets stays, unless `change` changes it.
    @discardableResult
    func reload(
        _ toml: String,
        _ change: (inout GatewayConfiguration) -> Void = { _ in }
    ) async throws -> [ConfigurationError] {
        var configuration = try GatewayConfiguration(toml: toml, environment: [:])
        if let running = self.server.runtime?.configuration {
            configuration.server.listen = running.server.listen
            configuration.server.workers = running.server.workers
            configuration.server.drainTimeout = running.server.drainTimeout
            configuration.admin.listen = running.admin.listen
            configuration.log = running.log
        }
        try Wire.apply(to: &configuration)
        change(&configuration)
        return try await self.server.reload(configuration)
    }
}
