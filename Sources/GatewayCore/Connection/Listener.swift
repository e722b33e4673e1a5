import GatewaySettings
import Logging
import NIOCore
import NIOPosix

/// An address that clients connect to. Connections are assigned to the workers in turn.
final class Listener: Sendable {
    let address: ListenAddress
    /// Whether another listener serves the IPv4 side of this IPv6 address.
    let leavesIPv4: Bool
    /// The bound address, with the actual port if the configured one is 0.
    let boundAddress: SocketAddress?
    let channel: any Channel
    /// The socket that another process opened; nil if this one did.
    private let passed: PassedSocket?
    /// The file to remove on close; nil if there is none, or if another process opened the socket.
    private let file: ListenerFile?
    /// The state on each worker's event loop, in the order of the workers.
    let plans: [NIOLoopBound<ListenerPlan>]

    /// Binds an address.
    ///
    /// - Parameters:
    ///   - transport: The transport of client connections.
    ///   - leavesIPv4: Whether another listener serves the IPv4 side of this IPv6 address.
    ///   - isPaused: Whether connections wait in the system's queue until ``resume()``.
    ///   - sharesPort: Whether the port may be bound by another listener that has called ``sharePort()``.
    ///   - passed: The socket to use, which another process opened. Nil to open one.
    /// - Throws: ``ListenError`` if the address is not available.
    static func bind(
        _ address: ListenAddress,
        workers: [NIOLoopBound<Worker>],
        group: any EventLoopGroup,
        limits: LimitsConfiguration = LimitsConfiguration(),
        transport: Transport = .plain,
        leavesIPv4: Bool = false,
        isPaused: Bool = false,
        sharesPort: Bool = false,
        passed: PassedSocket? = nil
    ) async throws -> Listener {
        var plans: [NIOLoopBound<ListenerPlan>] = []
        for worker in workers {
            let plan = worker.eventLoop.submit {
                let plan = worker.value.makeListenerPlan(address, limits: ConnectionLimits(limits))
                return NIOLoopBound(plan, eventLoop: worker.eventLoop)
            }
            plans.append(try await plan.get())
        }
        var bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: Self.backlog)
            .serverChannelOption(.maxMessagesPerRead, value: Self.acceptsPerTurn)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.socketOption(.so_reuseaddr), value: 1)
            // A client that has closed its input may still wait for responses. The handler decides.
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 32 * 1024, high: 64 * 1024))
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptPauseHandler())
                }
            }
            .serverChannelOption(.autoRead, value: !isPaused)
            .childChannelInitializer { [plans] channel in
                Self.initialize(channel, plans: plans, workers: workers, transport: transport)
            }
        if leavesIPv4, passed == nil {
            let isIPv6Only = ChannelOptions.Types.SocketOption(level: .ipv6, name: .ipv6_v6only)
            bootstrap = bootstrap.serverChannelOption(isIPv6Only, value: 1)
        }
        if sharesPort { bootstrap = bootstrap.serverChannelOption(Self.sharedPort, value: 1) }
        do {
            let channel: any Channel
            if case .host = address.location {
                bootstrap = bootstrap.childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            }
            var file: ListenerFile?
            switch (passed, address.location) {
            case (let passed?, _):
                channel = try await Self.adopt(passed.descriptor, bootstrap)
            case (nil, .host(let host, let port)):
                channel = try await bootstrap.bind(host: host, port: port).get()
            case (nil, .unix(let path)):
                try await Self.leave(path, group: group)
                let opened = try ListenerFile(binding: path)
                file = opened
                channel = try await Self.adopt(opened.descriptor, bootstrap)
            }
            return Listener(address, channel, plans, leavesIPv4: leavesIPv4, passed, file)
        } catch {
            throw ListenError(address: "\(address)", error)
        }
    }

    /// Listens on a socket that NIO did not open.
    private static func adopt(_ descriptor: CInt, _ bootstrap: ServerBootstrap) async throws -> any Channel {
        let channel = try await bootstrap.withBoundSocket(descriptor).get()
        // NIO has set a short queue.
        Platform.listen(descriptor, backlog: Self.backlog)
        return channel
    }

    /// Checks that no process listens on the socket file, so that only a stale file is replaced.
    private static func leave(_ path: String, group: any EventLoopGroup) async throws {
        do {
            let other = try await ClientBootstrap(group: group).connect(unixDomainSocketPath: path).get()
            try? await other.close()
        } catch let error as IOError {
            switch Platform.SocketFile(connectFailedWith: error.errnoCode) {
            case .unused: return
            case .inUse: break
            case .unknown: throw error
            }
        }
        throw IOError(errnoCode: Platform.addressInUse, reason: "bind")
    }

    private init(
        _ address: ListenAddress,
        _ channel: any Channel,
        _ plans: [NIOLoopBound<ListenerPlan>],
        leavesIPv4: Bool,
        _ passed: PassedSocket?,
        _ file: ListenerFile?
    ) {
        self.address = address
        self.passed = passed
        self.file = file
        self.leavesIPv4 = leavesIPv4
        self.channel = channel
        self.plans = plans
        self.boundAddress = channel.localAddress
    }

    private static func initialize(
        _ channel: any Channel,
        plans: [NIOLoopBound<ListenerPlan>],
        workers: [NIOLoopBound<Worker>],
        transport: Transport
    ) -> EventLoopFuture<Void> {
        guard let index = workers.firstIndex(where: { $0.eventLoop === channel.eventLoop }) else {
            return channel.eventLoop.makeFailedFuture(ChannelError.inappropriateOperationForState)
        }
        let (worker, plan) = (workers[index].value, plans[index].value)
        return channel.eventLoop.makeCompletedFuture {
            let peer = ClientAddress(channel.remoteAddress)
            let isAdmitted = worker.admitConnection()
            let serve = { (peer: ClientAddress, header: ProxyHeader?) throws in
                let arrival = ClientArrival(
                    worker: worker,
                    listener: plan,
                    peer: peer,
                    proxyHeader: header,
                    isAdmitted: isAdmitted
                )
                try arrival.begin(on: channel, transport: transport)
            }
            // A connection that is refused is not read.
            guard isAdmitted, worker.settings.awaitsProxyHeader(from: peer, isUnixSocket: plan.isUnixSocket) else {
                return try serve(peer, nil)
            }
            let handler = ProxyHeaderHandler(worker: worker, listener: plan, peer: peer, serve: serve)
            try channel.pipeline.syncOperations.addHandler(handler)
        }
    }

    // MARK: Reloads

    /// Accepts the connections that waited.
    func resume() async { try? await self.channel.setOption(.autoRead, value: true).get() }

    /// Allows another listener of this process to bind an overlapping address before this one closes, so that no
    /// connection is refused in between. Without it, Linux reports `0.0.0.0:80` as in use while `127.0.0.1:80` is open.
    func sharePort(_ isShared: Bool = true) async {
        try? await self.channel.setOption(Self.sharedPort, value: isShared ? 1 : 0).get()
    }

    private static let sharedPort = ChannelOptions.Types.SocketOption(
        level: .socket,
        name: NIOBSDSocket.Option(rawValue: Platform.reusePort)
    )

    /// Whether the system may consider this address part of another one: both have the same port.
    func mayOverlap(_ address: ListenAddress) -> Bool {
        guard case .host(_, let port) = address.location, case .host = self.address.location else { return false }
        return port != 0 && port == self.boundAddress?.port
    }

    private static let backlog: CInt = 4096
    /// How many connections to accept before serving existing ones again.
    private static let acceptsPerTurn: UInt = 64
    /// How many event loop ticks the listener waits to accept queued connections before it closes.
    private static let lastTurns = 16

    /// Whether a service manager holds the socket too.
    private var isHeld: Bool { self.passed?.isHeld ?? false }

    /// What a process that takes over the socket has to know about it.
    var origin: PassedSocket.Origin { PassedSocket.Origin(self.address, isHeld: self.isHeld) }

    /// Closes a listener that never accepted connections. A socket that was passed stays with the process that passed it.
    func discard() async { await self.close(isHandedOver: self.passed != nil) }

    /// The listening socket; nil if it is closed.
    func descriptor() async -> CInt? {
        try? await self.channel.eventLoop.submit { [channel = self.channel] in
            try channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { $0 }
        }.get()
    }

    /// Closes the listening socket. Accepted connections stay open. Connections in the system's queue are accepted
    /// first, because closing would reset them, unless another process holds the socket and will accept them.
    ///
    /// - Parameter isHandedOver: Whether another process holds the socket now.
    func close(isHandedOver: Bool = false) async {
        if !self.isHeld, !isHandedOver {
            let isShared = (try? await self.channel.getOption(Self.sharedPort).get()) == 1
            try? await self.channel.eventLoop.submit { self.emptyQueue(isShared: isShared) }.get()
            for _ in 0..<Self.lastTurns { try? await self.channel.eventLoop.submit {}.get() }
        }
        // An accepted connection hops to its worker's event loop and back to this one before it is served. Until
        // then, closing the listener would close it too.
        try? await self.channel.setOption(.autoRead, value: false).get()
        for plan in self.plans { try? await plan.eventLoop.submit {}.get() }
        try? await self.channel.eventLoop.submit {}.get()
        try? await self.channel.close()
        if !isHandedOver { self.file?.remove() }
    }

    /// Keeps new connections out of the system's queue, where closing would reset them along with their requests.
    ///
    /// - Parameter isShared: Whether another listener has the port. A client that connects now then gets no answer,
    ///   tries again after a second, and reaches it. Otherwise clients should be refused soon, so there is still room for one.
    private func emptyQueue(isShared: Bool) {
        let operations = self.channel.pipeline.syncOperations
        _ = try? operations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) {
            if isShared { Platform.ignoreNewConnections($0) } else { Platform.listen($0, backlog: 0) }
        }
    }
}

/// Pauses accepting briefly when the system has no descriptor or memory for another connection. The listening socket
/// stays readable, so an event loop that retried at once would do nothing else.
private final class AcceptPauseHandler: ChannelInboundHandler {
    typealias InboundIn = any Channel

    private static let pause = TimeAmount.milliseconds(200)

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is IOError else { return context.fireErrorCaught(error) }
        let channel = context.channel
        try? channel.syncOptions?.setOption(.autoRead, value: false)
        context.eventLoop.assumeIsolated().scheduleTask(in: Self.pause) {
            try? channel.syncOptions?.setOption(.autoRead, value: true)
        }
    }
}

/// The error for an address that is not available for listening.
public struct ListenError: Error, CustomStringConvertible {
    public let address: String
    /// The reason, as described by the system.
    public let reason: String
    public var description: String { "cannot listen on \(self.address): \(self.reason)" }

    package init(address: String, _ error: any Error) {
        self.address = address
        switch error {
        case let error as IOError: self.reason = Platform.description(of: error.errnoCode)
        case is ListenerFile.IsNotSocket: self.reason = "the file exists and is not a socket"
        case SocketAddressError.unknown(let host, _): self.reason = "no address is known for \(host)"
        default: self.reason = "\(error)"
        }
    }
}
