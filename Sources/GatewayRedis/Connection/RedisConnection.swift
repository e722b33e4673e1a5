import GatewayCore
import GatewaySettings
import GatewayTLS
import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS

/// A connection to a server, on one event loop, from its opening to its end.
final class RedisConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    typealias Reply = (Result<RedisReply, RedisError>) -> Void

    private enum State {
        case opening, greeting, ready, ended
    }

    let host: RedisURL.Host
    private let configuration: RedisConfiguration
    private let security: RedisSecurity?
    private let eventLoop: any EventLoop
    private var handshake: RedisHandshake
    private var state = State.opening
    private var reader = RedisReader()
    private var pipeline = RedisPipeline<Reply>()
    private var context: ChannelHandlerContext?
    private var output = ByteBuffer()
    private var isFlushScheduled = false
    private var openingTimer: Scheduled<Void>?
    private var expiryTimer: Scheduled<Void>?
    private var pingTimer: Scheduled<Void>?
    /// When the expiry timer fires.
    private var expiry: NIODeadline?
    private var wasUsed = false
    /// Called once, when commands can be sent.
    var onReady: (() -> Void)?
    /// Called once, when the connection could not be opened or has ended.
    var onEnd: ((_ reason: String) -> Void)?
    /// Called when commands had no reply in time.
    var onTimeout: (() -> Void)?
    /// Takes replies to no command. Returns false for others.
    var onMessage: ((RedisReply) -> Bool)?

    /// How often a connection without traffic is checked.
    private static let pingInterval = TimeAmount.seconds(1)

    init(
        to host: RedisURL.Host,
        for role: RedisHandshake.Role,
        _ configuration: RedisConfiguration,
        _ security: RedisSecurity?,
        on eventLoop: any EventLoop
    ) {
        self.host = host
        self.configuration = configuration
        self.security = security
        self.eventLoop = eventLoop
        self.handshake = RedisHandshake(configuration, for: role)
    }

    var isReady: Bool { if case .ready = self.state { true } else { false } }

    /// The number of commands that wait for replies.
    var load: Int { self.pipeline.count }

    /// The commands in a row that had no reply in time.
    var timeouts: Int { self.pipeline.timeouts }

    static let silence = "three commands in a row had no reply in time"

    private var timeout: TimeAmount { .nanoseconds(self.configuration.timeout.nanoseconds) }

    // MARK: Opening

    /// Opens the connection. Call it on the event loop.
    func open() {
        // Connecting, TLS and the first commands take several round trips, and a server may be far away.
        let limit = max(TimeAmount.seconds(1), self.timeout * 4)
        self.openingTimer = self.eventLoop.assumeIsolated().scheduleTask(in: limit) { [weak self] in
            self?.end("it does not answer")
        }
        guard let security = self.security else { return self.connect(nil, within: limit) }
        security.context(on: self.eventLoop).assumeIsolated().whenComplete { [self] result in
            switch result {
            case .success(let tls): self.connect(tls, within: limit)
            case .failure(let error): self.end("the settings of tls cannot be used: \(error)")
            }
        }
    }

    private func connect(_ tls: NIOSSLContext?, within limit: TimeAmount) {
        guard case .opening = self.state else { return }
        guard let bootstrap = ClientBootstrap(validatingGroup: self.eventLoop) else {
            return self.end("the event loop has no sockets")
        }
        let handler = NIOLoopBound(self, eventLoop: self.eventLoop)
        let prepared =
            bootstrap
            .connectTimeout(limit)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let connection = handler.value
                    guard case .opening = connection.state else { throw ChannelError.alreadyClosed }
                    if let tls, let security = connection.security {
                        let name = security.name(of: connection.host)
                        let client = try NIOSSLClientHandler(context: tls, serverHostname: name.indication)
                        try channel.pipeline.syncOperations.addHandler(client)
                    }
                    try channel.pipeline.syncOperations.addHandler(connection)
                }
            }
        let opened: EventLoopFuture<any Channel>
        if let address = try? SocketAddress(ipAddress: self.host.name, port: self.host.port) {
            opened = prepared.connect(to: address)
        } else {
            opened = prepared.connect(host: self.host.name, port: self.host.port)
        }
        opened.assumeIsolated().whenFailure { [self] error in self.end(Self.text(error)) }
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        self.end("the connection was closed")
    }

    func channelActive(context: ChannelHandlerContext) {
        if self.security == nil { self.greet() }
        context.fireChannelActive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case TLSUserEvent.handshakeCompleted = event, let security = self.security else {
            return context.fireUserInboundEventTriggered(event)
        }
        do throws(TLSFailure) {
            let certificate = try? context.pipeline.syncOperations.nioSSL_peerCertificate()
            try security.verify(certificate, name: security.name(of: self.host))
            self.greet()
        } catch {
            self.end(error.description)
        }
    }

    private func greet() {
        guard case .opening = self.state else { return }
        self.state = .greeting
        self.follow(self.handshake.begin())
    }

    private func follow(_ outcome: RedisHandshake.OnReply) {
        switch outcome {
        case .send(let command):
            command.write(to: &self.output)
            self.flushLater()
        case .fail(let reason): self.end(reason)
        case .ready:
            self.state = .ready
            self.openingTimer?.cancel()
            self.schedulePing()
            let onReady = self.onReady
            self.onReady = nil
            onReady?()
        }
    }

    // MARK: Commands

    /// Sends a command.
    ///
    /// - Parameter done: Called once, perhaps before this function returns.
    func send(_ command: RedisCommand, deadline: NIODeadline, isAsking: Bool = false, _ done: @escaping Reply) {
        guard case .ready = self.state else { return done(.failure(.down("it is not connected"))) }
        if isAsking {
            let asking = RedisCommand("ASKING")
            guard self.pipeline.append({ _ in }, bytes: asking.size, deadline: deadline) else {
                return done(.failure(.full))
            }
            asking.write(to: &self.output)
        }
        guard self.pipeline.append(done, bytes: command.size, deadline: deadline) else {
            if isAsking { self.flushLater() }
            return done(.failure(.full))
        }
        self.wasUsed = true
        command.write(to: &self.output)
        self.flushLater()
        if self.expiry.map({ deadline < $0 }) ?? true { self.scheduleExpiry(deadline) }
    }

    /// Sends what was written in this turn of the event loop at its end, as one piece.
    private func flushLater() {
        guard !self.isFlushScheduled else { return }
        self.isFlushScheduled = true
        self.eventLoop.assumeIsolated().execute { [self] in
            self.isFlushScheduled = false
            guard let context = self.context, self.output.readableBytes > 0 else { return }
            let output = self.output
            self.output = ByteBuffer()
            context.writeAndFlush(self.wrapOutboundOut(output), promise: nil)
        }
    }

    private func scheduleExpiry(_ deadline: NIODeadline) {
        self.expiryTimer?.cancel()
        self.expiry = deadline
        self.expiryTimer = self.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [weak self] in
            self?.expire()
        }
    }

    private func expire() {
        self.expiry = nil
        let outcome = self.pipeline.expire(at: self.eventLoop.now)
        if let next = outcome.next { self.scheduleExpiry(next) }
        for done in outcome.calls { done(.failure(.timeout)) }
        if outcome.isDown { return self.end(Self.silence) }
        if !outcome.calls.isEmpty { self.onTimeout?() }
    }

    private func schedulePing() {
        self.pingTimer = self.eventLoop.assumeIsolated().scheduleTask(in: Self.pingInterval) { [weak self] in
            guard let self, self.isReady else { return }
            if !self.wasUsed { self.send(RedisCommand("PING"), deadline: self.eventLoop.now + self.timeout) { _ in } }
            self.wasUsed = false
            self.schedulePing()
        }
    }

    // MARK: Replies

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.reader.append(self.unwrapInboundIn(data))
        do throws(RedisProtocolError) {
            while let reply = try self.reader.next() {
                self.received(reply)
                guard self.context != nil else { return }
            }
        } catch {
            self.end(error.description)
        }
    }

    private func received(_ reply: RedisReply) {
        switch self.state {
        case .opening, .ended: break
        case .greeting: self.follow(self.handshake.received(reply))
        case .ready:
            if self.onMessage?(reply) == true { return }
            switch self.pipeline.reply() {
            case .deliver(let done): done(.success(reply))
            case .ignore: break
            case .unexpected: self.end("it sent a reply that nobody asked for")
            }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A server of TLS 1.3 refuses a certificate after the handshake, with the first bytes that it reads.
        guard self.security != nil, !self.isReady else { return self.end(Self.text(error)) }
        let certificate = try? context.pipeline.syncOperations.nioSSL_peerCertificate()
        let now = Int(Platform.unixMilliseconds() / 1000)
        self.end(TLSFailure(error, certificate: certificate, at: now).description)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.end("it closed the connection")
        context.fireChannelInactive()
    }

    // MARK: End

    /// Closes the connection. Commands that wait fail.
    func end(_ reason: String) {
        if case .ended = self.state { return }
        self.state = .ended
        for timer in [self.openingTimer, self.expiryTimer, self.pingTimer] { timer?.cancel() }
        self.context?.close(promise: nil)
        let calls = self.pipeline.removeAll()
        let onEnd = self.onEnd
        self.onReady = nil
        self.onEnd = nil
        self.onTimeout = nil
        self.onMessage = nil
        for done in calls { done(.failure(.lost(reason))) }
        onEnd?(reason)
    }

    private static func text(_ error: any Error) -> String {
        switch error {
        case let error as IOError: Platform.description(of: error.errnoCode)
        case let error as NIOConnectionError:
            if error.dnsAError != nil || error.dnsAAAAError != nil, error.connectionErrors.isEmpty {
                "the name \(error.host) cannot be looked up"
            } else {
                error.connectionErrors.first.map { Self.text($0.error) } ?? "it cannot be reached"
            }
        case ChannelError.connectTimeout: "it does not answer"
        default: "\(error)"
        }
    }
}

@available(*, unavailable)
extension RedisConnection: Sendable {}
