import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// A server that follows a script on each connection, and records what it receives.
final class ScriptedUpstream: Sendable {
    typealias Script = @Sendable (Session) async throws -> Void

    /// The upstream end of one connection.
    struct Session: Sendable {
        let connection: RawConnection
        /// The index of the connection, from 0.
        let index: Int
        let upstream: ScriptedUpstream

        /// The next complete request, which is also recorded.
        func request() async throws -> Message {
            let request = try await self.connection.request()
            self.upstream.record(request)
            return request
        }

        func send(_ text: String...) async throws {
            for piece in text { try await self.connection.send(piece) }
        }

        /// Answers every request on this connection.
        func serve(_ answer: @Sendable (Message) async throws -> String) async throws {
            while true { try await self.send(answer(try await self.request())) }
        }
    }

    private struct State {
        var requests: [Message] = []
        var connections: [RawConnection] = []
        var accepted = 0
        var open = 0
    }

    private let state = NIOLockedValueBox(State())
    private let script: Script
    private let security: SecureServer?
    private let channel = NIOLockedValueBox<(any Channel)?>(nil)

    private init(_ script: @escaping Script, _ security: SecureServer?) {
        self.script = script
        self.security = security
    }

    static func start(
        at address: SocketAddress,
        buffers: Int?,
        security: SecureServer? = nil,
        _ script: @escaping Script
    ) async throws -> ScriptedUpstream {
        let upstream = ScriptedUpstream(script, security)
        var bootstrap = ServerBootstrap(group: RawConnection.group)
            .serverChannelOption(.backlog, value: 1024)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                RawConnection.prepare(channel, security).map { upstream.accepted(channel) }
            }
        if let buffers {
            bootstrap = bootstrap.serverChannelOption(.socketOption(.so_rcvbuf), value: .init(buffers))
                .childChannelOption(.socketOption(.so_sndbuf), value: .init(buffers))
        }
        if case .unixDomainSocket = address {
        } else {
            bootstrap = bootstrap.serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
        }
        let channel = try await bootstrap.bind(to: address).get()
        upstream.channel.withLockedValue { $0 = channel }
        return upstream
    }

    private func accepted(_ channel: any Channel) {
        let index = self.state.withLockedValue { state in
            state.open += 1
            state.accepted += 1
            return state.accepted - 1
        }
        channel.closeFuture.whenComplete { _ in self.state.withLockedValue { $0.open -= 1 } }
        let wrapped = channel.eventLoop.makeFutureWithTask { try await RawConnection.wrap(channel) }
        wrapped.whenSuccess { connection in
            self.state.withLockedValue { $0.connections.append(connection) }
            Task {
                try? await self.script(Session(connection: connection, index: index, upstream: self))
                connection.close()
            }
        }
    }

    fileprivate func record(_ request: Message) { self.state.withLockedValue { $0.requests.append(request) } }

    /// The URL for `targets`.
    var url: String {
        guard let address = self.channel.withLockedValue({ $0?.localAddress }) else { return "" }
        let scheme = self.security == nil ? "http" : "https"
        return address.pathname.map { "unix:\($0)" } ?? "\(scheme)://127.0.0.1:\(address.port ?? 0)"
    }
    var port: Int { self.channel.withLockedValue { $0?.localAddress?.port } ?? 0 }
    var authority: String { "127.0.0.1:\(self.port)" }

    var requests: [Message] { self.state.withLockedValue(\.requests) }
    var connections: Int { self.state.withLockedValue(\.accepted) }
    var openConnections: Int { self.state.withLockedValue(\.open) }
    /// The number of bytes received on all connections.
    var receivedBytes: Int { self.state.withLockedValue { $0.connections.reduce(0) { $0 + $1.inbox.total } } }

    /// Bytes that followed or replaced complete requests.
    var pending: String { self.state.withLockedValue(\.connections).map(\.inbox.pending).joined() }

    func stop() async {
        try? await self.channel.withLockedValue { $0 }?.close()
        for connection in self.state.withLockedValue(\.connections) { connection.close() }
    }
}

/// Runs a scripted upstream while `body` runs.
func withUpstream<R>(
    at address: SocketAddress? = nil,
    buffers: Int? = nil,
    security: SecureServer? = nil,
    _ script: @escaping ScriptedUpstream.Script,
    _ body: (ScriptedUpstream) async throws -> R
) async throws -> R {
    let address = try address ?? SocketAddress(ipAddress: "127.0.0.1", port: 0)
    let upstream = try await ScriptedUpstream.start(at: address, buffers: buffers, security: security, script)
    do {
        let result = try await body(upstream)
        await upstream.stop()
        return result
    } catch {
        await upstream.stop()
        throw error
    }
}

/// Answers every request on every connection.
func serving(_ answer: @escaping @Sendable (Message) async throws -> String) -> ScriptedUpstream.Script {
    { try await $0.serve(answer) }
}

/// A separate script for each connection.
func playing(_ script: @escaping ScriptedUpstream.Script) -> ScriptedUpstream.Script { script }

/// `HTTP/1.1 200 OK` with this body.
func ok(_ body: String = "", _ fields: String...) -> String {
    "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n"
        + fields.map { $0 + "\r\n" }.joined() + "\r\n" + body
}
