import GatewayHTTP
import NIOCore

/// Decides at the end of each exchange of one event loop whether it is reported, and copies what the report needs.
package final class RequestReporter {
    package var policy: ReportPolicy {
        didSet { self.samplesTraces = self.policy.samplesTraces }
    }
    private(set) var samplesTraces: Bool
    private let reports: RequestReports
    private let mailbox: RequestReports.Mailbox
    private var pace = ReportPace()

    init(_ policy: ReportPolicy, to reports: RequestReports) {
        self.policy = policy
        self.samplesTraces = policy.samplesTraces
        self.reports = reports
        self.mailbox = reports.makeMailbox()
    }

    /// Reports an exchange that has ended, if it is one of those that are reported.
    func report(_ exchange: Exchange, _ outcome: Outcome) {
        // The exchange on behalf of which it was made is reported.
        if exchange.plan.isInner { return }
        if let code = Self.code(of: exchange, outcome) { self.report(exchange, outcome, code: code) }
        if self.samplesTraces { self.reportTrace(of: exchange, outcome) }
    }

    /// The code of the failure; nil if neither the gateway nor the upstream failed.
    private static func code(of exchange: Exchange, _ outcome: Outcome) -> String? {
        if outcome.isFailure {
            // The response was cut off. Otherwise it was the client's fault, or the gateway ends.
            return switch exchange.failure {
            case nil: nil
            case .timeout: GatewayError.Code.upstreamTimeout.name
            default: GatewayError.Code.upstreamReset.name
            }
        }
        guard exchange.hasFailed(outcome) else { return nil }
        if let code = exchange.errorCode { return code.name }
        // Responses of the configuration are no failures.
        return exchange.origin == .upstream ? GatewayError.Code.upstreamError.name : nil
    }

    /// The errors of an upstream that may have no target for a request.
    private static let upstreamErrors: Set<GatewayError.Code> = [
        .noHealthyUpstream, .circuitOpen, .upstreamUnreachable, .connectTimeout, .upstreamTimeout,
    ]

    /// The upstream that the request went to, or was about to. Empty if there is none.
    private static func upstream(of exchange: Exchange) -> String {
        if let name = exchange.upstreamName { return name }
        guard let code = exchange.errorCode, self.upstreamErrors.contains(code) else { return "" }
        return exchange.chosenUpstream?.name ?? ""
    }

    private func report(_ exchange: Exchange, _ outcome: Outcome, code: String) {
        let status = exchange.response.status
        if self.policy.ignores(status: status, code: code) {
            if self.policy.isOn { self.reports.count(.ignored) }
            return
        }
        let identity = RequestReport.Identity(route: exchange.route, code: code, upstream: Self.upstream(of: exchange))
        guard self.policy.isOn else { return self.mailbox.add(identity, status: status) }
        guard self.policy.samples(exchange.worker.random.next()) else {
            self.reports.count(.sampled)
            return self.mailbox.add(identity, status: status)
        }
        guard self.pace.admits(identity, at: exchange.worker.now) else {
            self.reports.count(.limited)
            return self.mailbox.add(identity, status: status, isLimited: true)
        }
        self.mailbox.add(self.makeReport(.failure(code: code), of: exchange, outcome))
    }

    private func reportTrace(of exchange: Exchange, _ outcome: Outcome) {
        guard exchange.firstByteAt != nil, exchange.trace.isOn, self.policy.samples(exchange.trace) else { return }
        self.mailbox.add(self.makeReport(.trace, of: exchange, outcome))
    }

    private func makeReport(_ kind: RequestReport.Kind, of exchange: Exchange, _ outcome: Outcome) -> RequestReport {
        let addresses = ["\(exchange.clientAddress)", exchange.client.map { "\($0.peer)" } ?? ""]
        let redaction = ReportRedaction(names: self.policy.secretNames, addresses: addresses)
        let time = exchange.worker.unixMilliseconds
        return RequestReport(
            kind,
            route: exchange.route,
            status: exchange.response.status,
            upstream: Self.upstream(of: exchange),
            time: time,
            details: RequestDetails(of: exchange, outcome, time: time, redaction: redaction)
        )
    }
}

@available(*, unavailable)
extension RequestReporter: Sendable {}

/// Limits how many reports of a kind are made with all details, so that a storm of errors costs little.
struct ReportPace {
    /// Ten at once, and then one per second.
    private static let capacity: Int64 = 10
    /// More kinds than this start anew.
    private static let maxKinds = 1000

    /// For each kind, when its bucket is full again.
    private var full: [RequestReport.Identity: NIODeadline] = [:]

    mutating func admits(_ identity: RequestReport.Identity, at now: NIODeadline) -> Bool {
        let next = max(self.full[identity] ?? now, now) + .seconds(1)
        guard next - now <= .seconds(Self.capacity) else { return false }
        if self.full.count >= Self.maxKinds, self.full[identity] == nil { self.full = [:] }
        self.full[identity] = next
        return true
    }
}

extension Exchange {
    /// Whether the exchange may be one of those that are reported. Cheap, because it is asked for each request.
    func mayBeReported(_ outcome: Outcome) -> Bool {
        self.response.status >= 500 || outcome.isFailure || self.isGRPC || self.worker.reporter.samplesTraces
    }
}
