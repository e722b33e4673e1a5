import GatewayHTTP1
import Logging
import NIOCore
import NIOPosix

@testable import Gateway
@testable import GatewayCore
@testable import GatewayHTTP
@testable import GatewaySettings
@testable import GatewayTLS

/// A worker without listeners, on a separate event loop.
enum WorkerFixture {
    /// Runs `body` on the loop of the worker.
    static func run<Value: Sendable>(
        logLevel: Logger.Level = .info,
        _ body: @escaping @Sendable (Worker) throws -> Value
    ) async throws -> Value {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        return try await loop.submit {
            let worker = self.make(on: loop, logLevel: logLevel)
            defer { worker.deadlines.stop() }
            return try body(worker)
        }.get()
    }

    static func make(on loop: any EventLoop, logLevel: Logger.Level = .info) -> Worker {
        var log = Logger(label: "test")
        log.logLevel = logLevel
        var setup = WorkerSetup(log: log)
        setup.settings.maxConnections = 10
        return Worker(setup, on: loop)
    }
}

extension Worker {
    /// An exchange whose request has been parsed, from lines without line ends.
    func exchange(
        _ lines: String...,
        client: any ClientStream = RecordingClient(),
        isTrusted: Bool = false
    ) throws -> Exchange {
        let exchange = self.makeExchange()
        var parser = RequestParser(limits: HTTP1Limits())
        var bytes = ByteBuffer(string: lines.joined(separator: "\r\n") + "\r\n\r\n")
        guard try parser.parse(&bytes, into: &exchange.request) else { throw MessageError(.truncated, "head") }
        exchange.reset(client: client, at: self.now)
        exchange.isFromTrustedPeer = isTrusted
        exchange.driver.takeRoute()
        return exchange
    }

    func plan(
        _ name: String = "users",
        _ chain: Chain = Chain(),
        action: RoutePlan.Action = .refuse,
        forwarding: RoutePlan.Forwarding = RoutePlan.Forwarding(),
        errors: ErrorFormat = ErrorFormat()
    ) -> RoutePlan {
        RoutePlan(
            name: name,
            chain: chain,
            action: action,
            forwarding: forwarding,
            meters: RouteMeters(route: name, shard: self.meters),
            errors: errors
        )
    }
}

extension Exchange {
    /// Parses a response head from lines without line ends.
    func respond(_ lines: String...) throws {
        var parser = ResponseParser(limits: HTTP1Limits())
        var bytes = ByteBuffer(string: lines.joined(separator: "\r\n") + "\r\n\r\n")
        guard try parser.parse(&bytes, into: &self.response, answering: self.request.method) else {
            throw MessageError(.truncated, "head")
        }
    }
}

extension HeaderBlock {
    /// `Name: value` for each field.
    var lines: [String] { self.fields.map { "\(self.string($0.name)): \(self.string($0.value))" } }
}

/// A client that accepts and records everything.
final class RecordingClient: ClientStream {
    var tls: TLSSession?
    var isWritable = true
    var scheme: StaticString = "https"
    var protocolName: StaticString { "HTTP/1.1" }
    var peer: ClientAddress { .unknown }
    private(set) var status: Int?
    private(set) var lines: [String] = []
    private(set) var body = ""
    private(set) var isEnded = false
    private(set) var isCut = false

    func writeInformational(_ head: borrowing ResponseHead) {}
    func writeHead(of exchange: Exchange) {
        self.status = exchange.response.status
        self.lines = exchange.response.headers.lines
    }
    func writeBody(_ chunk: ByteBuffer) { self.body += String(buffer: chunk) }
    func writeEnd(of exchange: Exchange) { self.isEnded = true }
    func flush() {}
    func pauseRequestBody() {}
    func resumeRequestBody() {}
    func cut() { self.isCut = true }
    func exchangeEnded(_ exchange: Exchange) {}
}

@available(*, unavailable)
extension RecordingClient: Sendable {}
