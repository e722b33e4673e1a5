import GatewayHTTP
import GatewayHTTP1
import GatewayHTTP2
import GatewaySettings
import GatewayTLS
import NIOCore
import NIOPosix

/// Opens connections to the targets of an upstream.
protocol UpstreamConnector: Sendable {
    /// Opens a connection to the endpoint of `pool` and adds its handlers.
    ///
    /// - Parameters:
    ///   - timeout: How long the connection, the TLS handshake and the start of the protocol may take together.
    ///   - done: Called on the event loop of the pool.
    func connect(
        for pool: UpstreamPool,
        timeout: TimeAmount,
        _ done: @escaping (Result<PooledConnection, any Error>) -> Void
    )

    /// How many calls a connection to a target will probably serve at a time.
    func expectedStreams(to target: TargetURL) -> Int

    /// Opens a connection outside of the pools, with the layers of one for requests.
    ///
    /// - Parameters:
    ///   - security: Nil without TLS.
    ///   - makeHandler: Creates the handler of the connection, on the event loop, for HTTP/2 or HTTP/1. The channel may be
    ///     active already.
    ///   - done: Called on the event loop.
    func open(
        _ address: SocketAddress,
        of target: TargetURL,
        _ security: TargetSecurity?,
        on eventLoop: any EventLoop,
        timeout: TimeAmount,
        _ makeHandler: @escaping (_ usesHTTP2: Bool) -> any ChannelHandler,
        _ done: @escaping (Result<any Channel, any Error>) -> Void
    )

    /// Opens a connection and closes it, to check whether an endpoint accepts connections.
    func probe(
        _ address: SocketAddress,
        _ security: TargetSecurity?,
        on eventLoop: any EventLoop,
        timeout: TimeAmount,
        _ done: @escaping (Result<Void, any Error>) -> Void
    )
}

/// Opens connections over TCP or a Unix socket, with or without TLS, in the protocol that the target's URL or ALPN
/// chooses.
struct TargetConnector: UpstreamConnector {
    package let limits: HTTP1Limits
    var transport = Transport.plain
    var http2 = UpstreamHTTP2.auto
    var streams = HTTP2UpstreamConnection.StateMachine.Settings()
    /// The version of the PROXY header that connections begin with.
    var proxyProtocol = ProxyProtocolVersion.off

    init(limits: HTTP1Limits, transport: Transport = .plain, http2: UpstreamHTTP2 = .auto) {
        self.limits = limits
        self.transport = transport
        self.http2 = http2
    }

    init(_ upstream: UpstreamConfiguration) {
        self.init(limits: HTTP1Limits(headers: upstream.maxHead.bytes, headerCount: 1000))
        self.http2 = upstream.http2
        self.proxyProtocol = upstream.proxyProtocol
        self.streams.maxStreams = upstream.maxStreams
        self.streams.keepAlivePing = upstream.keepalivePing.span.map { TimeAmount($0) }
    }

    func connect(
        for pool: UpstreamPool,
        timeout: TimeAmount,
        _ done: @escaping (Result<PooledConnection, any Error>) -> Void
    ) {
        let begun = NIODeadline.now()
        var pooled: PooledConnection?
        let connection = UpstreamConnection(
            to: pool.endpoint.address,
            pool.security,
            on: pool.worker.eventLoop,
            timeout: timeout,
            proxyHeader: (pool.client?.header ?? .local).bytes(self.proxyProtocol),
            isPooled: true
        ) { channel, token in
            pooled =
                try self.usesHTTP2(pool.target.url, token: token)
                ? .http2(self.installHTTP2(in: channel, for: pool)) : .http1(self.installHTTP1(in: channel, for: pool))
        }
        connection.open { result in
            switch (result, pooled) {
            case (.failure(let error), _): done(.failure(error))
            case (.success(let channel), let pooled?) where channel.isActive:
                guard case .http2(let connection) = pooled else { return done(.success(pooled)) }
                connection.whenOpen(within: timeout - (NIODeadline.now() - begun), done)
            case (.success, _): done(.failure(ChannelError.inputClosed))
            }
        }
    }

    private func installHTTP1(in channel: any Channel, for pool: UpstreamPool) throws -> UpstreamHandler {
        try self.install(in: channel, isSecure: pool.security != nil) { output in
            UpstreamHandler(pool: pool, limits: self.limits, output: output)
        }
    }

    private func installHTTP2(in channel: any Channel, for pool: UpstreamPool) throws -> HTTP2UpstreamConnection {
        try self.install(in: channel, isSecure: pool.security != nil) { output in
            HTTP2UpstreamConnection(
                pool: pool,
                limits: FieldLimits(size: self.limits.headers, count: self.limits.headerCount),
                settings: self.streams,
                output: output
            )
        }
    }

    private func install<Handler: ChannelHandler>(
        in channel: any Channel,
        isSecure: Bool,
        _ makeHandler: (ConnectionOutput.Destination) -> Handler
    ) throws -> Handler {
        var handler: Handler?
        // The PROXY header goes through the channel, so nothing may bypass it.
        let isPlain = !isSecure && self.proxyProtocol == .off
        let transport = isPlain ? self.transport : .layered { [] }
        try transport.install(in: channel) { output in
            let created = makeHandler(output)
            handler = created
            return created
        }
        guard let handler else { throw ChannelError.inputClosed }
        return handler
    }

    func expectedStreams(to target: TargetURL) -> Int {
        let mayUse = target.isSecure ? self.http2 != .never : self.knowsHTTP2(target)
        return mayUse ? self.streams.maxStreams : 1
    }

    /// Whether a target without TLS speaks HTTP/2.
    private func knowsHTTP2(_ target: TargetURL) -> Bool {
        if case .h2c = target { return true }
        return self.http2 == .always
    }

    /// Whether to use HTTP/2 on a connection whose handshake has ended.
    ///
    /// - Parameter token: The ALPN token that the target chose.
    private func usesHTTP2(_ target: TargetURL, token: String?) throws(TLSFailure) -> Bool {
        guard target.isSecure else { return self.knowsHTTP2(target) }
        if token == "h2" { return true }
        guard self.http2 != .always else { throw TLSFailure("the server does not offer HTTP/2") }
        return false
    }

    func open(
        _ address: SocketAddress,
        of target: TargetURL,
        _ security: TargetSecurity?,
        on eventLoop: any EventLoop,
        timeout: TimeAmount,
        _ makeHandler: @escaping (_ usesHTTP2: Bool) -> any ChannelHandler,
        _ done: @escaping (Result<any Channel, any Error>) -> Void
    ) {
        UpstreamConnection(
            to: address,
            security,
            on: eventLoop,
            timeout: timeout,
            proxyHeader: ProxyHeader.local.bytes(self.proxyProtocol)
        ) { channel, token in
            let handler = makeHandler(try self.usesHTTP2(target, token: token))
            try self.transport.install(in: channel) { _ in handler }
        }
        .open(done)
    }

    func probe(
        _ address: SocketAddress,
        _ security: TargetSecurity?,
        on eventLoop: any EventLoop,
        timeout: TimeAmount,
        _ done: @escaping (Result<Void, any Error>) -> Void
    ) {
        let header = ProxyHeader.local.bytes(self.proxyProtocol)
        UpstreamConnection(to: address, security, on: eventLoop, timeout: timeout, proxyHeader: header) { channel, _ in
            guard security != nil else { return }
            let handler = RefusalHandler(within: .nanoseconds(timeout.nanoseconds / 2), done)
            try channel.pipeline.syncOperations.addHandler(handler)
        }
        .open { result in
            switch result {
            // The handler reports the outcome.
            case .success(let channel) where security != nil: channel.close(mode: .output, promise: nil)
            case .success(let channel):
                // The header is written before anything else, even nothing.
                if header != nil { channel.writeAndFlush(ByteBuffer(), promise: nil) }
                channel.close(promise: nil)
                done(.success(()))
            case .failure(let error): done(.failure(error))
            }
        }
    }
}
