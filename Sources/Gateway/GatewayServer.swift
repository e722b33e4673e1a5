package import GatewayAdmin
public import GatewayCore
import GatewayEvents
public import GatewayMiddlewares
public import GatewaySettings
public import Logging
import NIOConcurrencyHelpers
public import NIOCore
public import ServiceLifecycle

/// A gateway that serves a configuration until it is stopped.
///
/// ```swift
/// let gateway = try GatewayServer(configuration)
/// try await gateway.run()
/// ```
public final class GatewayServer: Service {
    private let configuration: GatewayConfiguration
    private let middlewares: MiddlewareList
    private let inProcess: [String: InProcessHandler]
    private let names: NameResolver.Settings
    private let source: ConfigurationSource
    let bus = EventBus(gateway: Platform.gatewayName)
    let log: Logger
    private let state = NIOLockedValueBox(State())

    private struct State {
        var runtime: GatewayRuntime?
        /// The error that prevented the start.
        var failure: (any Error)?
        var inheritance = Inheritance()
        var isStopping = false
        var isHandedOver = false
        var stop: CheckedContinuation<Void, Never>?
        var started: [CheckedContinuation<[SocketAddress], any Error>] = []
    }

    /// Creates a server.
    ///
    /// - Parameters:
    ///   - configuration: A configuration from a file or built in code.
    ///   - middlewares: The middleware chain. The configuration may contain settings for these middlewares only.
    ///   - inProcess: Handlers for upstreams with `builtin = "in_process"`, by name.
    ///   - log: The logger for operational messages.
    /// - Throws: ``ConfigurationErrors`` with all errors.
    public convenience init(
        _ configuration: GatewayConfiguration,
        middlewares: MiddlewareList = .standard,
        inProcess: [String: InProcessHandler] = [:],
        log: Logger = Logger(label: "gateway")
    ) throws(ConfigurationErrors) {
        try self.init(
            configuration,
            middlewares: middlewares,
            inProcess: inProcess,
            names: NameResolver.Settings(),
            log: log
        )
    }

    /// Creates a server whose configuration can be read again.
    package convenience init(
        _ configuration: GatewayConfiguration,
        source: ConfigurationSource,
        log: Logger
    ) throws(ConfigurationErrors) {
        try self.init(
            configuration,
            middlewares: .standard,
            inProcess: [:],
            names: NameResolver.Settings(),
            source: source,
            log: log
        )
    }

    /// Creates a server with specific DNS settings.
    ///
    /// - Parameters:
    ///   - names: The settings of the name resolver, such as its servers and timeouts.
    ///   - source: Where the configuration comes from.
    init(
        _ configuration: GatewayConfiguration,
        middlewares: MiddlewareList,
        inProcess: [String: InProcessHandler],
        names: NameResolver.Settings,
        source: ConfigurationSource = ConfigurationSource(),
        log: Logger
    ) throws(ConfigurationErrors) {
        guard middlewares.mistakes.isEmpty else { throw ConfigurationErrors(middlewares.mistakes) }
        self.configuration = try configuration.validated(middlewares: middlewares.descriptions)
        self.middlewares = middlewares
        self.inProcess = inProcess
        self.names = names
        self.source = source
        self.log = log
    }

    /// Serves until ``shutdown()`` is called or the service group shuts down, then drains.
    ///
    /// - Throws: ``FileLimitError`` if the limit on open files is too low, ``ListenError`` if an address is not
    ///   available, ``DrainError`` if the drain had to cut off requests.
    public func run() async throws {
        let runtime: GatewayRuntime
        do {
            try FileLimits.check(self.configuration)
            let accessLog = try self.makeAccessLog()
            runtime = try await GatewayRuntime(
                self.configuration,
                middlewares: self.middlewares.registrations,
                inProcess: self.inProcess,
                accessLog: accessLog,
                events: self.bus,
                names: self.names,
                source: self.source,
                log: self.log
            )
        } catch {
            await self.bus.stop()
            self.reportStart(.failure(error))
            throw error
        }
        do {
            try await runtime.listen(self.state.withLockedValue(\.inheritance))
        } catch {
            await runtime.stop()
            self.reportStart(.failure(error))
            throw error
        }
        self.state.withLockedValue { $0.runtime = runtime }
        self.bus.publish(
            GatewayEvent("gateway.started", .info, topic: "gateway", ["version": .string(GatewayVersion.current)])
        )
        self.reportStart(.success(runtime.boundAddresses))
        await withGracefulShutdownHandler {
            await self.waitForStop()
        } onGracefulShutdown: {
            self.shutdown()
        }
        let cut = await runtime.drain(isHandedOver: self.state.withLockedValue(\.isHandedOver))
        await runtime.stop()
        if cut > 0 { throw DrainError(connections: cut) }
    }

    /// Waits until the gateway listens and returns its addresses.
    public func boundAddresses() async throws -> [SocketAddress] {
        try await withCheckedThrowingContinuation { continuation in
            let known: Result<GatewayRuntime, any Error>? = self.state.withLockedValue { state in
                if let runtime = state.runtime { return .success(runtime) }
                if let failure = state.failure { return .failure(failure) }
                state.started.append(continuation)
                return nil
            }
            if let known { continuation.resume(with: known.map(\.boundAddresses)) }
        }
    }

    /// Waits until the gateway listens and returns the address of the admin API; nil if `[admin].listen` is off.
    public func adminAddress() async throws -> SocketAddress? {
        _ = try await self.boundAddresses()
        return self.runtime?.adminAddress
    }

    /// The runtime from start to shutdown; nil otherwise.
    var runtime: GatewayRuntime? { self.state.withLockedValue(\.runtime) }

    /// Starts the drain. ``run()`` returns when the drain is complete. Further calls have no effect.
    public func shutdown() {
        let waiting = self.state.withLockedValue { state in
            state.isStopping = true
            defer { state.stop = nil }
            return state.stop
        }
        waiting?.resume()
    }

    /// Takes over from another process. Call it before ``run()``.
    package func inherit(_ inheritance: Inheritance) { self.state.withLockedValue { $0.inheritance = inheritance } }

    /// Waits until the gateway listens and returns its listening sockets.
    package func listeningSockets() async throws -> [(origin: PassedSocket.Origin, descriptor: CInt)] {
        _ = try await self.boundAddresses()
        return await self.runtime?.listeningSockets() ?? []
    }

    /// Whether every event loop runs a task within `timeout`.
    package func eventLoopsRespond(within timeout: TimeAmount) async -> Bool {
        await self.runtime?.eventLoopsRespond(within: timeout) ?? false
    }

    package func publish(_ event: GatewayEvent) { self.bus.publish(event) }

    /// Leaves the listening sockets to another process, which holds them too.
    package func stopAccepting() async {
        await self.runtime?.workers.closeListeners(isHandedOver: true)
        await self.runtime?.adminListener?.handOver()
    }

    /// Starts the drain and leaves the listening sockets to a process that accepts their connections now.
    package func handOver() {
        self.state.withLockedValue { $0.isHandedOver = true }
        self.shutdown()
    }

    /// Reopens log files after rotation.
    public func reopenLogs() async throws {
        try await self.runtime?.reopenLogs()
    }

    /// Applies a new configuration while requests continue, or leaves everything as it is.
    ///
    /// Requests in progress finish under the configuration that they began with. Connections of clients, kept
    /// connections to targets that remain, the counts of limits and the metrics stay. New listeners are open when this
    /// returns; listeners that are gone close after their requests. In-process handlers are those that the server was
    /// created with.
    ///
    /// - Returns: Warnings about settings that only take effect after a restart, such as `server.workers`.
    /// - Throws: ``ConfigurationErrors`` with all errors. The gateway then runs as before.
    @discardableResult
    public func reload(
        _ configuration: GatewayConfiguration
    ) async throws(ConfigurationErrors) -> [ConfigurationError] {
        guard let runtime = self.runtime else {
            throw ConfigurationErrors([ConfigurationError("the gateway does not listen yet, so it cannot reload")])
        }
        switch await runtime.reload(configuration) {
        case .reloaded(let applied): return applied.warnings
        case .refused(let errors, file: _): throw ConfigurationErrors(errors)
        case .unrecorded(let failure): throw ConfigurationErrors([ConfigurationError("\(failure)")])
        case .unavailable(let reason): throw ConfigurationErrors([ConfigurationError(reason)])
        }
    }

    /// Reads the configuration again and applies it, as SIGHUP does. Waits until the gateway listens.
    ///
    /// - Parameter actor: Who asks for it, for the audit log.
    package func reload(by actor: AuditActor = .signal) async -> ReloadOutcome {
        do {
            _ = try await self.boundAddresses()
        } catch {
            return .unavailable("The gateway did not start.")
        }
        return await self.runtime?.reload(by: actor) ?? .unavailable("The gateway has stopped.")
    }

    private func waitForStop() async {
        await withCheckedContinuation { continuation in
            let isStopping = self.state.withLockedValue { state in
                if !state.isStopping { state.stop = continuation }
                return state.isStopping
            }
            if isStopping { continuation.resume() }
        }
    }

    private func reportStart(_ result: Result<[SocketAddress], any Error>) {
        let waiting = self.state.withLockedValue { state in
            if case .failure(let error) = result { state.failure = error }
            defer { state.started = [] }
            return state.started
        }
        for continuation in waiting { continuation.resume(with: result) }
    }

    private func makeAccessLog() throws -> LogWriter? {
        self.configuration.log.access == .off ? nil : try LogWriter(self.configuration.log.access.destination)
    }
}

/// An error for requests that were still open when the drain timeout expired.
public struct DrainError: Error, CustomStringConvertible {
    /// The number of connections that were cut off.
    public let connections: Int
    public var description: String { "drain_timeout ended: \(Plural.of(self.connections, "connection")) cut off" }
}
