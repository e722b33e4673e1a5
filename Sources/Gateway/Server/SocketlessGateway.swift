import GatewayAdmin
import GatewayCore
import GatewayHTTP
import GatewayHTTP1
import GatewaySettings
package import Logging
package import NIOCore

/// A gateway with one event loop and no sockets. Routes, chains and in-process handlers are real; the caller acts as
/// the client. `GatewayTesting` is built on it.
package final class SocketlessGateway: Sendable {
    private let worker: NIOLoopBound<Worker>
    private let registry: MeterRegistry
    private let eventLoop: any EventLoop

    /// Creates a gateway.
    ///
    /// - Parameters:
    ///   - eventLoop: The event loop, which also provides the clock.
    ///   - timeOfDay: Returns the time of day in milliseconds since 1970.
    package init(
        _ configuration: GatewayConfiguration,
        middlewares: MiddlewareList,
        inProcess: [String: InProcessHandler],
        eventLoop: any EventLoop,
        timeOfDay: @escaping @Sendable () -> Int64,
        log: Logger
    ) async throws {
        guard middlewares.mistakes.isEmpty else { throw ConfigurationErrors(middlewares.mistakes) }
        let configuration = try configuration.validated(middlewares: middlewares.descriptions)
        var setup = WorkerSetup(log: log)
        setup.settings.trustedProxies = TrustedProxies(configuration.server.trustedProxies)
        let upstreams = UpstreamRegistry(configuration, inProcess: inProcess)
        try configuration.require(upstreams.failures)
        let status = GatewayStatus(
            GatewayStatus.Running(configuration: configuration, upstreams: upstreams),
            middlewares: middlewares.descriptions,
            shared: setup.shared,
            registry: setup.registry,
            reloads: ReloadMeters(start: timeOfDay()),
            eventLoops: [eventLoop]
        )
        self.eventLoop = eventLoop
        self.registry = setup.registry
        self.worker = try await setup.start(on: eventLoop) { worker in
            worker.timeOfDay = timeOfDay
            worker.turnDelay = .zero
            worker.table = try PlanBuilder.build(
                configuration,
                middlewares: middlewares.registrations,
                routes: CompiledRoutes(configuration, middlewares: middlewares.descriptions),
                upstreams: upstreams,
                admin: AdminRouter(status: status),
                worker: worker
            )
        }
    }

    /// Starts a request.
    ///
    /// - Parameters:
    ///   - head: The head as a client writes it, including the empty line.
    ///   - body: The chunks of the body. They need not match the framing that the head declares.
    ///   - tell: A closure that receives the response events on the event loop.
    /// - Returns: A closure that disconnects the client.
    package func send(
        _ head: ByteBuffer,
        body: [ByteBuffer],
        from address: String,
        isSecure: Bool,
        tell: @escaping @Sendable (SocketlessEvent) -> Void
    ) async throws -> @Sendable () async -> Void {
        let worker = self.worker
        let client = try await self.eventLoop.submit {
            let worker = worker.value
            worker.tick()
            let exchange = worker.makeExchange()
            var parser = RequestParser(limits: HTTP1Limits())
            var head = head
            guard try parser.parse(&head, into: &exchange.request) else { throw MessageError(.truncated, "head") }
            let peer = IPAddress(address).map { ClientAddress($0) } ?? .unknown
            let client = SocketlessClient(exchange, body: body, peer: peer, isSecure: isSecure, tell: tell)
            let isTrusted = worker.settings.trustedProxies.trust(peer, isUnixSocket: peer.ip == nil)
            exchange.driver.begin(from: client, at: peer, isTrusted: isTrusted, since: worker.now)
            return NIOLoopBound(client, eventLoop: worker.eventLoop)
        }.get()
        return { [eventLoop] in try? await eventLoop.submit { client.value.leave() }.get() }
    }

    /// Returns all metrics in the Prometheus text format.
    package func metrics() async -> String {
        var page = ByteBuffer()
        ExpositionFormat.text.write(await self.registry.snapshot(), into: &page)
        return String(buffer: page)
    }

    /// Stops the gateway and releases its resources. No requests can be sent afterwards.
    package func stop() {
        self.eventLoop.execute { [worker] in worker.value.stop() }
    }
}

/// An event that the client receives, in declaration order.
package enum SocketlessEvent: Sendable {
    case informational(status: Int)
    case head(status: Int, fields: [(name: String, value: String)])
    case chunk(ByteBuffer)
    /// The last event. `isComplete` tells whether the response is complete.
    case over(isComplete: Bool)
}

/// A client that accepts all data immediately.
private final class SocketlessClient: ClientStream {
    let peer: ClientAddress
    let scheme: StaticString
    var isWritable: Bool { true }
    var protocolName: StaticString { "HTTP/1.1" }

    private var exchange: Exchange?
    private var body: ArraySlice<ByteBuffer>
    private let tell: @Sendable (SocketlessEvent) -> Void
    private var isBodyWanted = false
    private var isEnded = false

    init(
        _ exchange: Exchange,
        body: [ByteBuffer],
        peer: ClientAddress,
        isSecure: Bool,
        tell: @escaping @Sendable (SocketlessEvent) -> Void
    ) {
        self.exchange = exchange
        self.body = body[...]
        self.peer = peer
        self.scheme = isSecure ? "https" : "http"
        self.tell = tell
    }

    func leave() { self.exchange?.driver.clientGone() }

    // MARK: Request

    func pauseRequestBody() { self.isBodyWanted = false }

    func resumeRequestBody() {
        guard !self.isBodyWanted, let exchange = self.exchange, !exchange.state.isRequestEnded else { return }
        self.isBodyWanted = true
        // Deliver the body asynchronously, as a socket does.
        let bound = NIOLoopBound(self, eventLoop: exchange.worker.eventLoop)
        exchange.worker.eventLoop.execute { bound.value.sendBody() }
    }

    private func sendBody() {
        while self.isBodyWanted, let exchange = self.exchange {
            exchange.worker.tick()
            guard let chunk = self.body.popFirst() else {
                self.isBodyWanted = false
                return exchange.driver.receiveEnd(trailers: nil)
            }
            exchange.bytesIn += UInt64(chunk.readableBytes)
            exchange.driver.receive(body: chunk)
        }
    }

    // MARK: Response

    func writeInformational(_ head: borrowing ResponseHead) { self.tell(.informational(status: head.status)) }

    func writeHead(of exchange: Exchange) {
        let headers = exchange.response.headers.fields.map { field in
            (
                name: exchange.response.headers.string(field.name),
                value: exchange.response.headers.string(field.value)
            )
        }
        self.tell(.head(status: exchange.response.status, fields: headers))
    }

    func writeBody(_ chunk: ByteBuffer) {
        self.exchange?.bytesOut += UInt64(chunk.readableBytes)
        self.tell(.chunk(chunk))
    }

    func writeEnd(of exchange: Exchange) { self.isEnded = true }
    func flush() {}
    func cut() {}

    func exchangeEnded(_ exchange: Exchange) {
        self.exchange = nil
        self.tell(.over(isComplete: self.isEnded))
    }
}

@available(*, unavailable)
extension SocketlessClient: Sendable {}
