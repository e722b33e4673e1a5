import NIOCore
import NIOPosix
import NIOSSL

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// One end of a real connection, as raw bytes: a client of the gateway, or the upstream end of a connection.
final class RawConnection: Sendable {
    static let group = MultiThreadedEventLoopGroup.singleton

    let inbox: Inbox
    private let channel: any Channel

    init(_ channel: any Channel, _ inbox: Inbox) {
        self.channel = channel
        self.inbox = inbox
    }

    /// - Parameters:
    ///   - buffers: The size of the kernel buffers at this end, in bytes; nil for the default.
    ///   - security: TLS of the connection; nil for that of the wire.
    static func connect(
        to address: SocketAddress,
        buffers: Int? = nil,
        security: SecureClient? = nil
    ) async throws -> RawConnection {
        let security = security ?? Wire.security(of: address)
        var bootstrap = ClientBootstrap(group: self.group).channelOption(.allowRemoteHalfClosure, value: true)
        if case .unixDomainSocket = address {
        } else {
            bootstrap = bootstrap.channelOption(.tcpOption(.tcp_nodelay), value: 1)
        }
        if let buffers {
            bootstrap = bootstrap.channelOption(.socketOption(.so_rcvbuf), value: .init(buffers))
                .channelOption(.socketOption(.so_sndbuf), value: .init(buffers))
        }
        let channel = try await bootstrap.channelInitializer { channel in
            self.prepare(channel) { try security?.makeHandler() }
        }.connect(to: address).get()
        return try await self.wrap(channel)
    }

    static func prepare(_ channel: any Channel, _ security: SecureServer? = nil) -> EventLoopFuture<Void> {
        self.prepare(channel) { security?.makeHandler() }
    }

    /// - Parameter secure: Returns the handler of TLS; nil for a plain connection.
    private static func prepare(
        _ channel: any Channel,
        _ secure: () throws -> NIOSSLHandler?
    ) -> EventLoopFuture<Void> {
        channel.eventLoop.makeCompletedFuture {
            if let handler = try secure() { try channel.pipeline.syncOperations.addHandler(handler) }
            try channel.pipeline.syncOperations.addHandler(InboxHandler(Inbox(on: channel.eventLoop)))
        }
    }

    static func wrap(_ channel: any Channel) async throws -> RawConnection {
        let inbox = try await channel.eventLoop.submit {
            try channel.pipeline.syncOperations.handler(type: InboxHandler.self).inbox
        }.get()
        return RawConnection(channel, inbox)
    }

    // MARK: Sending

    /// Sends each piece in a separate write. Returns when the system has accepted the last one.
    func send(_ pieces: String...) async throws {
        for piece in pieces { try await self.send(bytes: Array(piece.utf8)) }
    }

    func send(bytes: [UInt8]) async throws {
        try await self.channel.writeAndFlush(ByteBuffer(bytes: bytes)).get()
    }

    /// Sends pieces of these lengths, and the rest in one piece.
    func send(_ bytes: [UInt8], splitAt positions: [Int]) async throws {
        var start = 0
        for position in positions + [bytes.count] where position > start {
            try await self.send(bytes: Array(bytes[start..<min(position, bytes.count)]))
            start = position
        }
    }

    /// Half-closes the connection; the peer can still send.
    func finishSending() async throws { try await self.channel.close(mode: .output).get() }

    func close() { self.channel.close(promise: nil) }

    /// Closes the connection with a reset, which the peer sees as an error.
    func reset() async throws {
        let linger = linger(l_onoff: 1, l_linger: 0)
        if let socket = self.channel as? any SocketOptionProvider { try? await socket.setSoLinger(linger).get() }
        try? await self.cut()
    }

    /// Closes the connection without the end that TLS requires.
    func cut() async throws {
        try await self.channel.eventLoop.flatSubmit {
            let operations = self.channel.pipeline.syncOperations
            let promise = self.channel.eventLoop.makePromise(of: Void.self)
            if let client = try? operations.context(handlerType: NIOSSLClientHandler.self) {
                client.close(promise: promise)
            } else if let server = try? operations.context(handlerType: NIOSSLServerHandler.self) {
                server.close(promise: promise)
            } else {
                self.channel.close(promise: promise)
            }
            return promise.futureResult
        }.get()
    }

    // MARK: Receiving

    /// Lets the kernel buffers fill up: reads at most this many bytes ahead of the test.
    func readSlowly(ahead bytes: Int = 1) { self.inbox.limit(to: bytes) }

    func response(toHead isHead: Bool = false) async throws -> Message {
        try await self.message(.response(toHead: isHead), "a response")
    }

    /// The first response that is not informational.
    func finalResponse(toHead isHead: Bool = false) async throws -> Message {
        while true {
            let response = try await self.response(toHead: isHead)
            if response.status >= 200 { return response }
        }
    }

    func request() async throws -> Message { try await self.message(.request, "a request") }

    private func message(_ kind: Message.Kind, _ what: String) async throws -> Message {
        try await self.inbox.take(what) { bytes, end in
            guard let (message, length) = try Message.parse(bytes, kind, end: end) else {
                if let end { throw Message.Truncated(received: String(buffer: bytes), end: end) }
                return nil
            }
            bytes.moveReaderIndex(forwardBy: length)
            return message
        }
    }

    /// A head, including its empty line.
    func head() async throws -> String { try await self.text(through: "\r\n\r\n") }

    func text(through mark: String) async throws -> String {
        let mark = Array(mark.utf8)
        return try await self.inbox.take("\(mark)") { bytes, end in
            guard let range = bytes.readableBytesView.firstRange(of: mark) else {
                if let end { throw Message.Truncated(received: String(buffer: bytes), end: end) }
                return nil
            }
            return bytes.readString(length: range.upperBound - bytes.readerIndex)
        }
    }

    func bytes(_ count: Int) async throws -> [UInt8] {
        try await self.inbox.take("\(count) bytes") { bytes, end in
            if let end, bytes.readableBytes < count {
                throw Message.Truncated(received: String(buffer: bytes), end: end)
            }
            return bytes.readBytes(length: count)
        }
    }

    /// The available bytes, at least one; nil at the end.
    func some(within limit: TimeAmount = .seconds(Patience.seconds)) async throws -> ByteBuffer? {
        try await self.inbox.take("any byte", within: limit) { bytes, end -> ByteBuffer?? in
            if bytes.readableBytes > 0 { return .some(bytes.readSlice(length: bytes.readableBytes)) }
            return end == nil ? nil : .some(nil)
        }
    }

    /// Everything until the end of the connection.
    func rest(within limit: TimeAmount = .seconds(Patience.seconds)) async throws -> (text: String, end: Inbox.End) {
        try await self.inbox.take("the end", within: limit) { bytes, end in
            guard let end else { return nil }
            return (bytes.readString(length: bytes.readableBytes) ?? "", end)
        }
    }
}

/// Feeds an ``Inbox``, and reads only while it has room.
private final class InboxHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer

    let inbox: Inbox

    init(_ inbox: Inbox) { self.inbox = inbox }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { self.inbox.append(self.unwrapInboundIn(data)) }

    func read(context: ChannelHandlerContext) {
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        let eventLoop = context.eventLoop
        self.inbox.hold {
            if eventLoop.inEventLoop { bound.value.read() } else { eventLoop.execute { bound.value.read() } }
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event { self.inbox.end(.finished) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.inbox.end(.reset)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { self.inbox.end(.finished) }
}
