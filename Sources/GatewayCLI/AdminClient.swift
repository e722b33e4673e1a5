import Gateway
import GatewayHTTP
import GatewayHTTP1
import GatewaySettings
import NIOCore
import NIOPosix

#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// Sends requests to the admin API of a running gateway, each on a new connection.
struct AdminClient {
    let address: ListenAddress
    /// The bearer token; nil sends none.
    var token: String?

    struct Answer {
        let status: Int
        let body: String
    }

    /// The gateway cannot be reached, or what answers is no gateway.
    struct Unreachable: Error, CustomStringConvertible {
        let address: ListenAddress
        let reason: String

        var description: String { "cannot reach \(self.address): \(self.reason)" }
    }

    /// Sends a request and returns the response.
    ///
    /// - Parameters:
    ///   - body: The body; nil for none.
    ///   - timeout: The time limit for connecting and for receiving the whole response.
    func send(
        _ method: Method,
        _ path: String,
        body: String? = nil,
        within timeout: TimeAmount
    ) async throws(Unreachable) -> Answer {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        defer { group.shutdownGracefully { _ in } }
        let eventLoop = group.next()
        let answer = eventLoop.makePromise(of: Answer.self)
        let timer = eventLoop.scheduleTask(in: timeout) { answer.fail(NoAnswer(timeout: timeout)) }
        defer { timer.cancel() }
        let request = self.request(method, path, body: body)
        let bootstrap = ClientBootstrap(group: group).connectTimeout(timeout).channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(AnswerHandler(to: method, request, answer))
            }
        }
        let connected =
            switch self.address.location {
            case .host(let host, let port): bootstrap.connect(host: Self.reachable(host), port: port)
            case .unix(let path): bootstrap.connect(unixDomainSocketPath: path)
            }
        connected.whenFailure { answer.fail($0) }
        do {
            return try await answer.futureResult.get()
        } catch {
            throw Unreachable(address: self.address, reason: Self.reason(error))
        }
    }

    private func request(_ method: Method, _ path: String, body: String?) -> ByteBuffer {
        var head = "\(method.name) \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        if let token = self.token { head += "Authorization: Bearer \(token)\r\n" }
        if let body { head += "Content-Type: application/toml\r\nContent-Length: \(body.utf8.count)\r\n" }
        return ByteBuffer(string: head + "\r\n" + (body ?? ""))
    }

    /// Returns the host to connect to. A listener on all addresses is reached via loopback.
    private static func reachable(_ host: String) -> String {
        switch host {
        case "0.0.0.0": "127.0.0.1"
        case "::": "::1"
        default: host
        }
    }

    private struct NoAnswer: Error {
        let timeout: TimeAmount
    }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError: error.connectionErrors.first.map { self.reason($0.error) } ?? "\(error)"
        case let error as NoAnswer: "no response within \(error.timeout.nanoseconds / 1_000_000_000) s"
        case let error as IOError: String(cString: strerror(error.errnoCode))
        case ChannelError.eof: "the connection was closed"
        case is MessageError: "the response is not HTTP"
        case is TooLarge: "the response is too large"
        default: "\(error)"
        }
    }
}

/// The response exceeds 64 MiB.
private struct TooLarge: Error {}

/// Sends one request, and collects the response.
private final class AnswerHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let limit = 64 << 20

    private let method: Method
    private let request: ByteBuffer
    private let answer: EventLoopPromise<AdminClient.Answer>
    private var received = ByteBuffer()
    private var parser = ResponseParser(limits: HTTP1Limits())
    private var head = ResponseHead()
    /// nil until the head has been received.
    private var decoder: BodyDecoder?
    private var body = ByteBuffer()

    init(to method: Method, _ request: ByteBuffer, _ answer: EventLoopPromise<AdminClient.Answer>) {
        self.method = method
        self.request = request
        self.answer = answer
    }

    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(self.wrapOutboundOut(self.request), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = self.unwrapInboundIn(data)
        self.received.writeBuffer(&bytes)
        self.parse(context) { try self.readHead() && self.readBody() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.parse(context) {
            guard self.decoder != nil else { throw ChannelError.eof }
            try self.decoder?.endOfInput()
            return true
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { self.parse(context) { throw error } }

    /// Ends with the answer if `isComplete` returns true, or with its error.
    private func parse(_ context: ChannelHandlerContext, _ isComplete: () throws -> Bool) {
        do {
            guard try isComplete() else { return }
            self.answer.succeed(AdminClient.Answer(status: self.head.status, body: String(buffer: self.body)))
        } catch {
            self.answer.fail(error)
        }
        context.close(promise: nil)
    }

    private func readHead() throws -> Bool {
        while self.decoder == nil {
            guard try self.parser.parse(&self.received, into: &self.head, answering: self.method) else { return false }
            if self.head.isInformational {
                self.head = ResponseHead()
            } else {
                self.decoder = BodyDecoder(self.head.framing, limits: HTTP1Limits())
            }
        }
        return true
    }

    private func readBody() throws -> Bool {
        while true {
            switch try self.decoder?.next(&self.received) {
            case .bytes(var piece): self.body.writeBuffer(&piece)
            case .needMore, nil: return false
            case .end: return true
            }
            if self.body.readableBytes > Self.limit { throw TooLarge() }
        }
    }
}
