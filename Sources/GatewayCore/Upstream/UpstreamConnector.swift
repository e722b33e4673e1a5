import GatewayHTTP
import GatewayHTTP1
import GatewayTLS
import NIOCore
import NIOPosix

/// Opens the connections of a pool. Each upstream protocol has a connector, which is chosen when the upstream is
/// built.
protocol UpstreamConnector: Sendable {
    /// Opens a connection to the endpoint of `pool` and adds its handlers.
    ///
    /// - Parameters:
    ///   - timeout: How long the connection and the TLS handshake may take together.
    ///   - done: Called on the event loop of the pool.
    func connect(
        for pool: UpstreamPool,
        timeout: TimeAmount,
        _ done: @escaping (Result<UpstreamHandler, any Error>) -> Void
    )

    /// Opens a connection outside of the pools, with the layers of one for requests.
    ///
    /// - Parameters:
    ///   - security: Nil without TLS.
    ///   - makeHandler: Creates the handler of the connection, on the event loop. The channel may be active already.
    ///   - done: Called on the event loop.
    func open(
        _ address: SocketAddress,
        _ security: TargetSecurity?,
        on eventLoop: any EventLoop,
        timeout: TimeAmount,
        _ makeHandler: @escaping () -> any ChannelHandler,
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

/// Opens HTTP/1 connections over TCP or a Unix socket.
struct HTTP1Connector: UpstreamConnector {
    package let limits: HTTP1Limits
    var transport = Transport.plain

    func connect(
        for pool: UpstreamPool,
        timeout: TimeAmount,
        _ done: @escaping (Result<UpstreamHandler, any Error>) -> Void
    ) {
        let transport = pool.security == nil ? self.transport : .layered { [] }
        let connection = UpstreamConnection(
            to: pool.endpoint.address,
            pool.security,
            on: pool.worker.eventLoop,
            timeout: timeout,
            isPooled: true
        ) { [limits = self.limits] channel, _ in
            try transport.install(in: channel) { output in UpstreamHandler(pool: pool, limits: limits, output: output) }
        }
        connection.open { result in
            done(
                result.flatMap { channel in
                    // A channel that closed in the meantime no longer has handlers.
                    Result { try channel.pipeline.syncOperations.handler(type: UpstreamHandler.self) }
                        .mapError { _ in ChannelError.inputClosed }
                }
            )
        }
    }

    func open(
        _ address: SocketAddress,
        _ security: TargetSecurity?,
        on eventLoop: any EventLoop,
        timeout: TimeAmount,
        _ makeHandler: @escaping () -> any ChannelHandler,
        _ done: @escaping (Result<any Channel, any Error>) -> Void
    ) {
        let transport = security == nil ? self.transport : .layered { [] }
        UpstreamConnection(to: address, security, on: eventLoop, timeout: timeout) { channel, _ in
            try transport.install(in: channel) { _ in makeHandler() }
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
        UpstreamConnection(to: address, security, on: eventLoop, timeout: timeout) { channel, _ in
            guard security?.mayBeRefused == true else { return }
            try channel.pipeline.syncOperations.addHandler(
                RefusalHandler(within: .nanoseconds(timeout.nanoseconds / 2), done)
            )
        }
        .open { result in
            if case .success(let channel) = result {
                guard security?.mayBeRefused != true else { return channel.close(mode: .output, promise: nil) }
                channel.close(promise: nil)
            }
            done(result.map { _ in })
        }
    }
}
