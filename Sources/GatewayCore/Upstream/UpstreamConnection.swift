import GatewayTLS
import NIOCore
import NIOPosix
import NIOSSL

/// A connection to an upstream that is being opened: first over TCP or a Unix socket, then with the TLS handshake, if any.
struct UpstreamConnection {
    private let address: SocketAddress
    private let security: TargetSecurity?
    private let proxyHeader: ByteBuffer?
    private let eventLoop: any EventLoop
    private let timeout: TimeAmount
    private let isPooled: Bool
    private let install: (any Channel, String?) throws -> Void

    /// - Parameters:
    ///   - security: Nil without TLS.
    ///   - timeout: How long all of it may take.
    ///   - proxyHeader: What precedes everything else on the connection.
    ///   - isPooled: Whether an `UpstreamHandler` uses the connection, which handles the end of each direction.
    ///   - install: Adds the handlers, on the event loop. With TLS the handshake has ended by then, and the second argument
    ///     is the ALPN token, if the server chose one.
    init(
        to address: SocketAddress,
        _ security: TargetSecurity?,
        on eventLoop: any EventLoop,
        timeout: TimeAmount,
        proxyHeader: ByteBuffer?,
        isPooled: Bool = false,
        _ install: @escaping (any Channel, String?) throws -> Void
    ) {
        self.address = address
        self.security = security
        self.eventLoop = eventLoop
        self.timeout = timeout
        self.proxyHeader = proxyHeader
        self.isPooled = isPooled
        self.install = install
    }

    /// Opens the connection. Call it on the event loop.
    ///
    /// - Parameter done: Called once, on the event loop.
    func open(_ done: @escaping (Result<any Channel, any Error>) -> Void) {
        guard let security = self.security else {
            let install = NIOLoopBound(self.install, eventLoop: self.eventLoop)
            return self.bootstrap
                .channelInitializer { [proxyHeader = self.proxyHeader] channel in
                    channel.eventLoop.makeCompletedFuture {
                        try Self.announce(proxyHeader, in: channel)
                        try install.value(channel, nil)
                    }
                }
                .connect(to: self.address)
                .assumeIsolated()
                .whenComplete(done)
        }
        self.open(security, done)
    }

    private func open(_ security: TargetSecurity, _ done: @escaping (Result<any Channel, any Error>) -> Void) {
        let begun = NIODeadline.now()
        let steps = NIOLoopBound((install: self.install, done: done), eventLoop: self.eventLoop)
        self.bootstrap
            .channelInitializer { [timeout = self.timeout, proxyHeader = self.proxyHeader] channel in
                channel.eventLoop.makeCompletedFuture {
                    try Self.announce(proxyHeader, in: channel)
                    let handshake = UpstreamHandshakeHandler(security, timeout: timeout, since: begun) { result in
                        let (install, done) = steps.value
                        done(
                            result.flatMap { negotiated in
                                Result {
                                    try install(channel, negotiated)
                                    return channel
                                }
                            }
                        )
                    }
                    try channel.pipeline.syncOperations.addHandlers([try security.makeHandler(), handshake])
                }
            }
            .connect(to: self.address)
            .assumeIsolated()
            .whenFailure { error in
                // From here on the handshake reports the outcome.
                done(.failure(error))
            }
    }

    private static func announce(_ header: ByteBuffer?, in channel: any Channel) throws {
        if let header { try channel.pipeline.syncOperations.addHandler(ProxyHeaderWriter(header)) }
    }

    private var bootstrap: ClientBootstrap {
        var bootstrap = ClientBootstrap(group: self.eventLoop).connectTimeout(self.timeout)
        if self.isPooled {
            bootstrap =
                bootstrap
                .channelOption(.allowRemoteHalfClosure, value: true)
                .channelOption(.maxMessagesPerRead, value: UpstreamConnectionStateMachine.readsPerPass)
                .channelOption(.writeBufferWaterMark, value: .init(low: 32 * 1024, high: 64 * 1024))
        }
        guard self.address.protocol != .unix else { return bootstrap }
        return bootstrap.channelOption(.tcpOption(.tcp_nodelay), value: 1)
    }
}
