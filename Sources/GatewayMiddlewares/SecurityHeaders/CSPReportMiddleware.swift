package import GatewayCore
import GatewayHTTP
import GatewaySettings
import Logging
import NIOCore
import Synchronization

/// Receives browser reports on `csp.report_path`: counts them, logs some, and answers 204.
///
/// It is the last step of a separate chain, which `CSPReportRoutes` routes to, and part of no other.
package struct CSPReportMiddleware: RequestHook {
    package struct Config: Codable, Sendable {
        package init() {}
    }

    package static let name = "csp_reports"
    package static let reports = MetricDescription(
        "gateway_csp_reports_total",
        .counter,
        help: "Content Security Policy reports from browsers.",
        labels: ["directive", "disposition"]
    )

    package static let maxBody = 64 * 1024

    private let worker: Worker
    private let log = CSPReportLog()
    private let violations: CSPViolations

    package init(_ config: Config, in context: inout BuildContext) {
        self.worker = context.worker
        self.violations = context.lasting("violations") { CSPViolations() }
    }

    package func request(_ exchange: Exchange) -> Decision {
        guard exchange.request.method == .post else {
            var error = GatewayError(.methodNotAllowed)
            error.allow = "POST"
            return .fail(error)
        }
        guard let type = exchange.request.headers.first(.contentType),
            let format = exchange.request.headers.withBytes(type, Self.format)
        else { return .fail(.badRequest("Send application/csp-report or application/reports+json.")) }
        switch exchange.collected {
        case .none: return .collect(upTo: Self.maxBody)
        case .larger: return .fail(GatewayError(.payloadTooLarge))
        case .whole(let body):
            do throws(CSPReport.Malformed) {
                for report in try CSPReport.parse(body, as: format) { self.take(report, exchange) }
                return .respond(Response(status: 204))
            } catch {
                return .fail(.badRequest("The report is malformed."))
            }
        }
    }

    private func take(_ report: CSPReport, _ exchange: Exchange) {
        self.worker.meters.counter(Self.reports, [report.directive, report.disposition]).add()
        self.log.write(report, to: self.worker.log, at: self.worker.now)
        // The page may be made up, its route is not.
        let route = self.worker.table.route(ofPage: report.path ?? "/", exchange) ?? exchange.route
        self.violations.event(route: route, report.directive).occurred(on: self.worker) {
            ["route": .string(route), "directive": .string(report.directive)]
        }
    }

    private static func format(_ type: UnsafeRawBufferPointer) -> CSPReport.Format? {
        let name = String(decoding: type.prefix(64), as: UTF8.self).lowercased().prefix { $0 != ";" && $0 != " " }
        switch name {
        case "application/csp-report": return .single
        case "application/reports+json": return .list
        default: return nil
        }
    }
}

/// The events of violations, by route and directive, across workers and reloads.
final class CSPViolations: Sendable {
    private struct Key: Hashable {
        let route: String
        let directive: String
    }

    private let events = Mutex<[Key: PacedEvent]>([:])

    /// There are as many as there are routes and known directives.
    func event(route: String, _ directive: String) -> PacedEvent {
        self.events.withLock { events in
            let key = Key(route: route, directive: directive)
            if let event = events[key] { return event }
            let event = PacedEvent("csp.violation", topic: "routes.\(route)")
            events[key] = event
            return event
        }
    }
}

/// Logs reports, at most a few per second, because anyone can send them.
final class CSPReportLog {
    private var budget = LineBudget()

    package func write(_ report: CSPReport, to log: Logger, at now: NIODeadline) {
        guard let left = self.budget.take(at: now) else { return }
        var metadata: Logger.Metadata = [
            "directive": .string(report.directive), "disposition": .string(report.disposition),
        ]
        for (name, value) in report.details { metadata[name] = .string(value) }
        if left > 0 { metadata["left_out"] = .stringConvertible(left) }
        log.info("a browser reports a violation of the content security policy", metadata: metadata)
    }
}

@available(*, unavailable)
extension CSPReportLog: Sendable {}

/// Limits log lines to five per second, with bursts of ten.
struct LineBudget {
    private static let interval = TimeAmount.milliseconds(200)
    private static let burst: Int64 = 10

    /// When the bucket will be full again.
    private var fullAt = NIODeadline.uptimeNanoseconds(0)
    private var leftOut = 0

    /// - Returns: the number of lines omitted before this one, or nil to omit this one too.
    mutating func take(at now: NIODeadline) -> Int? {
        let next = max(self.fullAt, now) + Self.interval
        guard next - now <= Self.interval * Self.burst else {
            self.leftOut += 1
            return nil
        }
        self.fullAt = next
        defer { self.leftOut = 0 }
        return self.leftOut
    }
}
