import GatewayHTTP
import GatewayHTTP1
import NIOCore
import NIOPosix

/// Opens the connections of a pool. Each upstream protocol has a connector, which is chosen when the upstream is
/// built.
protocol UpstreamConnector: Sendable {
    /// Opens a connection to the endpoint of `pool` and adds its handlers.
    ///
    /// - Parameter done: Called on the event loop of the pool.
    func connect(
        for pool: UpstreamPool,
        timeout: TimeAmount,
        _ done: @escaping (Result<UpstreamHandler, any Error>) -> Void
    )

    /// Opens a connection outside of the pools, with the layers of one for requests.
    ///
    /// - Parameter makeHandler: Creates the handler of the connection, on the event loop.
    func open(
        _ address: SocketAddress,
        on eventLoop: any EventLoop,
        timeout: TimeAmount,
        _ makeHandler: @escaping @Sendable () -> any ChannelHandler
    ) -> EventLoopFuture<any Channel>

    /// Opens a connection and closes it, to check whether an endpoint accepts connections.
    func probe(
        _ address: SocketAddress,
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
        let eventLoop = pool.worker.eventLoop
        let address = pool.endpoint.address
        let bound = NIOLoopBound(pool, eventLoop: eventLoop)
        Self.bootstrap(for: address, on: eventLoop, timeout: timeout)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelOption(.maxMessagesPerRead, value: UpstreamConnectionStateMachine.readsPerPass)
            .channelOption(.writeBufferWaterMark, value: .init(low: 32 * 1024, high: 64 * 1024))
            .channelInitializer { [limits = self.limits, transport = self.transport] channel in
                channel.eventLoop.makeCompletedFuture {
                    try transport.install(in: channel) { output in
                        UpstreamHandler(pool: bound.value, limits: limits, output: output)
                    }
                }
            }
            .connect(to: address)
            .assumeIsolated()
            .whenComplete { result in
                switch result {
                case .success(let channel):
                    // A channel that closed in the meantime no longer has handlers.
                    guard let handler = try? channel.pipeline.syncOperations.handler(type: UpstreamHandler.self) else {
                        return done(.failure(ChannelError.inputClosed))
                    }
                    done(.success(handler))
                case .failure(let error): done(.failure(error))
                }
            }
    }

    func open(
        _ address: SocketAddress,
        on eventLoop: any EventLoop,
        timeout: TimeAmount,
        _ makeHandler: @escaping @Sendable () -> any ChannelHandler
    ) -> EventLoopFuture<any Channel> {
        Self.bootstrap(for: address, on: eventLoop, timeout: timeout)
            .channelInitializer { [transport = self.transport] channel in
                channel.eventLoop.makeCompletedFuture { try transport.install(in: channel) { _ in makeHandler() } }
            }
            .connect(to: address)
    }

    func probe(
        _ address: SocketAddress,
        on eventLoop: any EventLoop,
        timeout: TimeAmount,
        _ done: @escaping (Result<Void, any Error>) -> Void
    ) {
        Self.bootstrap(for: address, on: eventLoop, timeout: timeout)
            .connect(to: address)
            .assumeIsolated()
            .whenComplete { result in
                if case .success(let channel) = result { channel.close(promise: nil) }
                done(result.map { _ in })
            }
    }

    private static func bootstrap(
        for address: SocketAddress,
        on eventLoop: any EventLoop,
        timeout: TimeAmount
    ) -> ClientBootstrap {
        let bootstrap = ClientBootstrap(group: eventLoop).connectTimeout(timeout)
        guard address.protocol != .unix else { return bootstrap }
        return bootstrap.channelOption(.tcpOption(.tcp_nodelay), value: 1)
    }
}
