import GatewayHTTP
import GatewayHTTP1
import GatewaySettings
import NIOCore

/// Sends copies of requests to an upstream, on one event loop. The copies have their own connections, and nothing waits
/// for them.
package final class RequestMirror {
    package static let requests = MetricDescription(
        "gateway_mirror_requests_total",
        .counter,
        help: "Copies of requests by result: ok, error, timeout, dropped, too_large.",
        labels: ["upstream", "result"]
    )
    /// The longest that a copy may take.
    static let timeout = TimeAmount.seconds(30)

    let cluster: UpstreamCluster
    /// Counts the copies of all event loops.
    let inFlight: InFlightLimit
    private let maxInFlight: Int
    let maxBody: Int
    private let counters: [MirroredRequest.Result: Counter]

    init(to cluster: UpstreamCluster, inFlight: InFlightLimit, maxInFlight: Int, maxBody: Int, meters: MeterShard) {
        self.cluster = cluster
        self.inFlight = inFlight
        self.maxInFlight = maxInFlight
        self.maxBody = maxBody
        let counters = MirroredRequest.Result.allCases.map { result in
            (result, meters.counter(Self.requests, [cluster.name, result.rawValue]))
        }
        self.counters = Dictionary(counters) { first, _ in first }
    }

    /// Copies a request that is about to go upstream. The copy is sent when the whole request was sent.
    package func copy(_ exchange: Exchange) {
        if case .length(let length) = exchange.request.framing, length > self.maxBody { return self.count(.tooLarge) }
        guard self.inFlight.enter(limit: self.maxInFlight) else { return self.count(.dropped) }
        let request = MirroredRequest(of: exchange, to: self)
        if exchange.request.framing.isEmpty { return request.send() }
        exchange.holdsBodies = true
        exchange.requestBody.tee = request
    }

    func count(_ result: MirroredRequest.Result) { self.counters[result]?.add() }
}

@available(*, unavailable)
extension RequestMirror: Sendable {}

extension BuildContext {
    /// Creates a mirror that sends copies to an upstream. Reports an error and returns nil if there is no such upstream,
    /// or it has no targets.
    package mutating func mirror(to name: String, maxInFlight: Int, maxBody: Int) -> RequestMirror? {
        // Upstreams are missing while a configuration with errors is checked.
        guard let upstreams = self.upstreams else { return nil }
        let usable = upstreams.filter { $0.value is UpstreamCluster }.keys
        let nearest = (NearestName.of(name, among: usable) ?? usable.min()).map(JSONText.quoted)
        guard let upstream = upstreams[name] else {
            self.fail(
                name.isEmpty ? "the mirror has no upstream" : "there is no upstream \(JSONText.quoted(name))",
                suggestion: nearest.map { name.isEmpty ? "add upstream = \($0)" : "write \($0)" }
                    ?? "define [upstreams.next] with targets",
                at: "upstream"
            )
            return nil
        }
        guard let cluster = upstream as? UpstreamCluster else {
            self.fail(
                "the upstream \(JSONText.quoted(name)) is built in, and copies only go to targets",
                suggestion: nearest.map { "write \($0)" } ?? "define [upstreams.next] with targets",
                at: "upstream"
            )
            return nil
        }
        return RequestMirror(
            to: cluster.forCopies(),
            inFlight: self.shared("in_flight.\(name)") { InFlightLimit() },
            maxInFlight: maxInFlight,
            maxBody: maxBody,
            meters: self.worker.meters
        )
    }
}
