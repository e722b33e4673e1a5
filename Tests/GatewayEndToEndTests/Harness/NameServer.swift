import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// A name server on the loopback, over UDP and TCP, that answers each question according to a script.
final class NameServer: Sendable {
    typealias Script = @Sendable (NameQuestion) -> NameReply

    private struct State {
        var script: Script
        var questions: [NameQuestion] = []
    }

    private let state: NIOLockedValueBox<State>
    private let channels = NIOLockedValueBox<[any Channel]>([])

    private init(_ script: @escaping Script) { self.state = NIOLockedValueBox(State(script: script)) }

    static func start(_ script: @escaping Script) async throws -> NameServer {
        let server = NameServer(script)
        var lastError: (any Error)?
        // The UDP port was free, but another program may use the TCP port with the same number.
        for _ in 0..<20 {
            let udp = try await DatagramBootstrap(group: RawConnection.group)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(NameServerDatagrams(server))
                    }
                }
                .bind(host: "127.0.0.1", port: 0).get()
            do {
                let tcp = try await ServerBootstrap(group: RawConnection.group)
                    .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                    .childChannelInitializer { channel in
                        channel.eventLoop.makeCompletedFuture {
                            try channel.pipeline.syncOperations.addHandler(NameServerStream(server))
                        }
                    }
                    .bind(host: "127.0.0.1", port: udp.localAddress?.port ?? 0).get()
                server.channels.withLockedValue { $0 = [udp, tcp] }
                return server
            } catch {
                lastError = error
                try? await udp.close()
            }
        }
        throw lastError ?? TimedOut(what: "a port for a name server")
    }

    func stop() async {
        for channel in self.channels.withLockedValue({ $0 }) { try? await channel.close() }
    }

    /// In the form of ``NameResolver/Settings/servers``.
    var address: String {
        "127.0.0.1:\(self.channels.withLockedValue { $0.first?.localAddress?.port } ?? 0)"
    }

    /// Replaces the script for all further questions.
    func answer(_ script: @escaping Script) { self.state.withLockedValue { $0.script = script } }

    var questions: [NameQuestion] { self.state.withLockedValue(\.questions) }

    fileprivate func messages(_ question: NameQuestion) -> [[UInt8]] {
        let script = self.state.withLockedValue { state in
            state.questions.append(question)
            return state.script
        }
        return script(question).messages(to: question)
    }
}

/// Runs a name server while `body` runs.
func withNameServer<R>(_ script: @escaping NameServer.Script, _ body: (NameServer) async throws -> R) async throws -> R
{
    let server = try await NameServer.start(script)
    do {
        let result = try await body(server)
        await server.stop()
        return result
    } catch {
        await server.stop()
        throw error
    }
}

private final class NameServerDatagrams: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    typealias OutboundOut = AddressedEnvelope<ByteBuffer>

    private let server: NameServer

    init(_ server: NameServer) { self.server = server }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let envelope = self.unwrapInboundIn(data)
        guard let question = NameQuestion(Array(envelope.data.readableBytesView), isStream: false) else { return }
        for message in self.server.messages(question) {
            let answer = AddressedEnvelope(remoteAddress: envelope.remoteAddress, data: ByteBuffer(bytes: message))
            context.writeAndFlush(self.wrapOutboundOut(answer), promise: nil)
        }
    }
}

/// Each message is preceded by its length in two bytes (RFC 1035 section 4.2.2).
private final class NameServerStream: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let server: NameServer
    private var bytes = ByteBuffer()

    init(_ server: NameServer) { self.server = server }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.bytes.writeImmutableBuffer(self.unwrapInboundIn(data))
        while let length = self.bytes.getInteger(at: self.bytes.readerIndex, as: UInt16.self),
            self.bytes.readableBytes >= Int(length) + 2
        {
            self.bytes.moveReaderIndex(forwardBy: 2)
            guard let message = self.bytes.readBytes(length: Int(length)),
                let question = NameQuestion(message, isStream: true)
            else { return }
            for message in self.server.messages(question) {
                var answer = ByteBuffer(integer: UInt16(message.count))
                answer.writeBytes(message)
                context.writeAndFlush(self.wrapOutboundOut(answer), promise: nil)
            }
        }
    }
}
