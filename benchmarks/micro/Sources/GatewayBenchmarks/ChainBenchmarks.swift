import Logging
import NIOCore
import NIOEmbedded

@testable import Gateway
@testable import GatewayCore
@testable import GatewayHTTP
@testable import GatewayHTTP1
@testable import GatewayMiddlewares
@testable import GatewaySettings
@testable import GatewayTLS

/// A complete exchange through a plan, without sockets: parsed, routed, down the chain, answered, back up and
/// completed.
enum ChainBenchmarks {
    static let all = [
        MicroBenchmark("chain.none") { try Self.exchanging(with: Self.none) },
        MicroBenchmark("chain.cors") {
            try Self.exchanging(
                with: Self.none + "[middleware.cors]\norigins = [\"https://app.example.com\"]\n",
                request: CodecBenchmarks.apiRequest.replacing(
                    "\r\n\r\n",
                    with: "\r\nOrigin: https://app.example.com\r\n\r\n"
                )
            )
        },
        MicroBenchmark("chain.default") { try Self.exchanging(with: Self.standard) },
        MicroBenchmark("chain.default-rate-limit") {
            try Self.exchanging(with: Self.standard + "[middleware.rate_limit]\nlimit = \"1000000000/day\"\n")
        },
    ]

    static let none = """
        [middleware]
        request_id = false
        tracing = false
        metrics = false
        access_log = false
        timeout = false
        security_headers = false
        compression = false
        etag = false
        errors = false

        """
    private static let standard = "[middleware]\naccess_log = false\n"

    static func exchanging(
        with middlewares: String,
        request: String = CodecBenchmarks.apiRequest,
        after: @escaping (Worker) -> Void = { _ in }
    ) throws -> () throws -> Void {
        let worker = try self.worker(middlewares, AbsentUpstream())
        let client = SilentClient()
        let request = ByteBuffer(string: request)
        let response = ByteBuffer(string: CodecBenchmarks.response)
        let body = ByteBuffer(repeating: UInt8(ascii: "x"), count: 1024)
        var requestParser = RequestParser(limits: HTTP1Limits())
        var responseParser = ResponseParser(limits: HTTP1Limits())
        return {
            let exchange = worker.makeExchange()
            var buffer = request
            guard try requestParser.parse(&buffer, into: &exchange.request) else {
                throw UnexpectedOutcome("the request is incomplete")
            }
            exchange.reset(client: client, at: worker.now)
            exchange.driver.identifyClient(peer: ClientAddress(IPAddress(ipv4: 0xC000_0201)), trusted: false)
            exchange.driver.takeRoute()
            exchange.driver.descend()
            buffer = response
            guard try responseParser.parse(&buffer, into: &exchange.response, answering: .get) else {
                throw UnexpectedOutcome("the response is incomplete")
            }
            exchange.driver.receiveResponseHead()
            exchange.driver.receive(responseBody: body)
            exchange.driver.receiveResponseEnd(trailers: nil)
            guard client.status == 200, exchange.state.stage == .idle else {
                throw UnexpectedOutcome("status \(client.status), \(exchange.state.stage)")
            }
            after(worker)
        }
    }

    static func worker(_ middlewares: String, _ upstream: AbsentUpstream) throws -> Worker {
        let configuration = try GatewayConfiguration(
            toml: middlewares + "[upstreams.origin]\ntargets = [\"http://127.0.0.1:1\"]\n"
                + "[[routes]]\npath = \"/*\"\nupstream = \"origin\"\n",
            environment: [:]
        )
        let loop = EmbeddedEventLoop()
        let worker = Worker(WorkerSetup(log: Logger(label: "benchmark")), on: loop)
        let meters = RouteMeters(route: "origin", shard: worker.meters)
        var resolver = MiddlewareResolver(configuration, middlewares: StandardMiddlewares.all.map(\.description))
        let settings = resolver.settings(for: configuration.routes[0])
        let chain = Chain()
        for (place, (registration, setting)) in zip(StandardMiddlewares.all, settings).enumerated()
        where setting.isEnabled {
            var context = BuildContext(
                route: "origin",
                worker: worker,
                meters: meters,
                middleware: setting.name,
                settings: setting,
                configuration: configuration,
                authenticators: registration.authenticators
            )
            guard let make = try registration.decode(setting) else { continue }
            chain.append(make(&context), at: place)
        }
        let plan = RoutePlan(
            name: "origin",
            chain: chain,
            action: .upstream(upstream),
            forwarding: RoutePlan.Forwarding(),
            meters: meters
        )
        worker.table = RoutingTable(
            router: try Router(routes: [(match: RouteMatch(), plan: plan)]),
            unrouted: plan,
            upstreams: []
        )
        return worker
    }
}

/// Accepts the exchange. The benchmark sends the response.
final class AbsentUpstream: Upstream {
    let name = "origin"
    let isUsable = true
    var retryBudget: SharedRetryBudget? { nil }
    /// The last exchange that it accepted.
    var taken: Exchange?

    func retryDestination(of exchange: Exchange) -> RetryDestination { .tried }
    func take(_ exchange: Exchange) { self.taken = exchange }
    func stop() {}
}

/// Accepts everything, and keeps the status.
final class SilentClient: ClientStream {
    let isWritable = true
    let scheme: StaticString = "http"
    let protocolName: StaticString = "HTTP/1.1"
    let peer = ClientAddress.unknown
    let tls: TLSSession? = nil
    let marksEnds = false
    let announcedClients: AnnouncedClients? = nil
    private(set) var status = 0

    func writeInformational(_ head: borrowing ResponseHead) {}
    func writeHead(of exchange: Exchange) { self.status = exchange.response.status }
    func writeBody(_ chunk: ByteBuffer) {}
    func writeEnd(of exchange: Exchange) {}
    func flush() {}
    func pauseRequestBody() {}
    func resumeRequestBody() {}
    func failed(_ error: GatewayError) {}
    func cut() {}
    func exchangeEnded(_ exchange: Exchange) {}
}
