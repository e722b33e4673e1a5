import GatewayCore
import GatewayHTTP
import GatewaySettings
import Logging
import NIOCore

/// Reports failed requests and other errors to Sentry, and publishes the events `error.captured`. It belongs to the event
/// loop of the events.
final class SentryReporter {
    private static let service = "sentry"
    private static let refusedReload = "config_refused"
    private static let crash = "crashed"
    /// The codes of reports that are not about requests.
    static let codes = [refusedReload, crash]
    /// Reports are taken from the workers at most this often.
    private static let period = TimeAmount.milliseconds(100)

    private let eventLoop: any EventLoop
    private let services: OutboundServices
    private let reports: RequestReports
    private let bus: EventBus
    private let log: Logger
    private var dsn: SentryDSN?
    private var origin: SentryEvent.Origin
    private var ignored: Set<String> = []
    private var captured = CapturedErrors()
    private var identical = IdenticalReports()
    private var queue = SentryQueue()
    private var random = SystemRandomNumberGenerator()
    private var retry: Scheduled<Void>?
    /// Succeeds when the queue is empty; nil before the end.
    private var flushed: EventLoopPromise<Void>?
    /// Whether a lost connection was logged since the last one that worked.
    private var hasComplained = false

    init(on worker: Worker, resolver: NameResolver, reports: RequestReports, bus: EventBus, log: Logger) {
        self.eventLoop = worker.eventLoop
        self.services = OutboundServices(on: worker, resolver: resolver)
        self.reports = reports
        self.bus = bus
        self.log = log
        let server = bus.gateway.prefix { $0 != ":" }
        self.origin = SentryEvent.Origin(server: String(server), environment: "")
    }

    /// Begins to take the reports of the workers.
    func start(on hands: EventBus.Hands) {
        hands.subscribe(self, to: EventTopics(["config"]))
        let reporter = NIOLoopBound(self, eventLoop: self.eventLoop)
        self.reports.whenThereAreSome { [eventLoop] in eventLoop.execute { reporter.value.takeReports() } }
        self.takeReports()
    }

    func apply(_ configuration: SentryConfiguration) {
        self.origin.environment = configuration.environment
        self.ignored = Set(configuration.ignore)
        let dsn = configuration.dsn.isEmpty ? nil : try? SentryDSN.parse(configuration.dsn)
        guard dsn != self.dsn else { return }
        self.dsn = dsn
        self.hasComplained = false
        guard let dsn else {
            self.reports.count(.dropped, self.queue.clear())
            return self.services.update([:])
        }
        let upstream = UpstreamConfiguration(service: dsn.endpoint, timeout: .seconds(10), maxConnections: 4)
        self.services.update([Self.service: upstream])
        self.sendNext()
    }

    /// Sends what waits, for at most `time`, and ends.
    func stop(within time: TimeAmount) -> EventLoopFuture<Void> {
        self.reports.whenThereAreSome(nil)
        self.take(self.reports.take())
        let promise = self.eventLoop.makePromise(of: Void.self)
        self.flushed = promise
        self.sendNext()
        let reporter = NIOLoopBound(self, eventLoop: self.eventLoop)
        let timeout = self.eventLoop.scheduleTask(in: time) { reporter.value.endFlush() }
        if self.queue.isIdle { self.endFlush() }
        return promise.futureResult.always { _ in
            timeout.cancel()
            reporter.value.services.stop()
        }
    }

    private func endFlush() {
        guard let flushed = self.flushed else { return }
        self.flushed = nil
        self.retry?.cancel()
        if self.queue.count > 0 {
            self.log.warning("reports to Sentry were lost at the end", metadata: ["reports": "\(self.queue.count)"])
        }
        self.reports.count(.dropped, self.queue.clear())
        flushed.succeed()
    }

    // MARK: What is reported

    private func takeReports() {
        let batch = self.reports.take()
        if batch.isEmpty { return }
        self.take(batch)
        // Further reports come without a call.
        let reporter = NIOLoopBound(self, eventLoop: self.eventLoop)
        self.eventLoop.scheduleTask(in: Self.period) { reporter.value.takeReports() }
    }

    private func take(_ batch: RequestReports.Batch) {
        let now = self.eventLoop.now
        for report in batch.reports {
            switch report.kind {
            case .failure(let code): self.report(report, code: code, at: now)
            case .trace:
                let id = self.makeID()
                let event = SentryEvent(transaction: report, id: id, self.origin) { self.makeSpanID() }
                self.send(event, id: id, as: .transaction, at: now)
            }
        }
        for (identity, repeated) in batch.repeated {
            self.capture(identity, status: repeated.status, repeated.count, at: now)
            self.identical.missed(identity, repeated.limited)
        }
    }

    private func report(_ report: RequestReport, code: String, at now: NIODeadline) {
        self.capture(report.identity, status: report.status, 1, at: now)
        guard case .send(let missed) = self.identical.reported(report.identity, at: now) else {
            return self.reports.count(.limited)
        }
        let id = self.makeID()
        let event = SentryEvent(report, code: code, missed: missed, id: id, self.origin)
        self.send(event, id: id, as: .error, at: now)
    }

    private func capture(_ identity: RequestReport.Identity, status: Int, _ count: Int, at now: NIODeadline) {
        guard case .publish(let count) = self.captured.occurred(identity, count, at: now) else { return }
        self.bus.publish(.captured(identity, status: status, count: count))
    }

    /// Reports that the last run of the gateway did not shut down cleanly.
    func report(crash run: StoredRun) {
        let identity = RequestReport.Identity(route: "", code: Self.crash, upstream: "")
        self.capture(identity, status: 0, 1, at: self.eventLoop.now)
        self.report(
            Self.crash,
            .fatal,
            message: "The last run of the gateway did not shut down cleanly.",
            extra: [
                "gateway": .string(run.gateway), "version": .string(run.version),
                "started": .string(CivilTime.rfc3339(milliseconds: run.started)),
            ]
        )
    }

    /// Reports something that went wrong apart from requests.
    private func report(
        _ code: String,
        _ level: SentryEvent.Level,
        message: String,
        extra: JSONValue
    ) {
        if self.dsn == nil { return }
        if self.ignored.contains(code) { return self.reports.count(.ignored) }
        let now = self.eventLoop.now
        let identity = RequestReport.Identity(route: "", code: code, upstream: "")
        guard case .send = self.identical.reported(identity, at: now) else { return self.reports.count(.limited) }
        let id = self.makeID()
        let event = SentryEvent(
            code,
            level,
            message: message,
            id: id,
            time: Platform.unixMilliseconds(),
            self.origin,
            extra: extra
        )
        self.send(event, id: id, as: .error, at: now)
    }

    // MARK: Sending

    private func send(_ event: SentryEvent, id: String, as category: SentryLimits.Category, at now: NIODeadline) {
        // The settings may have changed since the report was made.
        if self.dsn == nil { return self.reports.count(.dropped) }
        let item = SentryQueue.Item(category, id: id, payload: ByteBuffer(string: event.json))
        switch self.queue.add(item, at: now) {
        case .queued: break
        case .queuedInPlaceOfOldest: self.reports.count(.dropped)
        case .limited: return self.reports.count(.limited)
        }
        self.sendNext()
    }

    private func sendNext() {
        guard let dsn = self.dsn, let client = self.services.client(to: Self.service) else { return self.checkFlush() }
        while true {
            switch self.queue.next(at: self.eventLoop.now, isEnding: self.flushed != nil) {
            case .send(let item):
                let request = SentryEnvelope.request(item, to: dsn, time: Platform.unixMilliseconds())
                client.send(request) { self.ended(item, $0) }
            case .limited: self.reports.count(.limited)
            case .wait(let until): return self.sendLater(at: until)
            case .idle: return self.checkFlush()
            }
        }
    }

    private func sendLater(at time: NIODeadline) {
        guard self.retry == nil else { return }
        let reporter = NIOLoopBound(self, eventLoop: self.eventLoop)
        self.retry = self.eventLoop.scheduleTask(deadline: time) {
            reporter.value.retry = nil
            reporter.value.sendNext()
        }
    }

    private func checkFlush() { if self.flushed != nil, self.queue.isIdle { self.endFlush() } }

    private func ended(_ item: SentryQueue.Item, _ result: Result<OutboundResponse, OutboundFailure>) {
        let now = self.eventLoop.now
        switch result {
        case .success(let response):
            let outcome = self.queue.responded(
                status: response.status,
                limits: response.head.headers.values(of: Self.rateLimits),
                retryAfter: response.head.headers[Self.retryAfter],
                at: now,
                time: Platform.unixMilliseconds() / 1000
            )
            switch outcome {
            case .sent: self.reports.count(.sent)
            case .limited: self.reports.count(.limited)
            case .failed:
                self.reports.count(.failed)
                self.complain("Sentry does not accept reports", "status \(response.status)")
            }
            if outcome == .sent { self.hasComplained = false }
        case .failure(let failure):
            if self.queue.failed(item, at: now, isEnding: self.flushed != nil) == .failed {
                self.reports.count(.failed)
            }
            self.complain("cannot reach Sentry", failure.reason ?? failure.kind.rawValue)
        }
        self.sendNext()
    }

    private static let rateLimits = HeaderName("X-Sentry-Rate-Limits")
    private static let retryAfter = HeaderName("Retry-After")

    private func complain(_ what: String, _ reason: String) {
        guard !self.hasComplained, let dsn = self.dsn else { return }
        self.hasComplained = true
        // The rest of the DSN is a credential.
        let host = "\(dsn.endpoint.target)"
        self.log.warning("\(what)", metadata: ["host": "\(host)", "reason": "\(reason)"])
    }

    // MARK: IDs

    private func makeID() -> String {
        // A UUID of version 4 without hyphens.
        let high = self.random.next() & ~0xF000 | 0x4000
        let low = self.random.next() & ~(3 << 62) | 1 << 63
        return Self.hexadecimal(high) + Self.hexadecimal(low)
    }

    private func makeSpanID() -> String { Self.hexadecimal(max(1, self.random.next())) }

    private static func hexadecimal(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

@available(*, unavailable)
extension SentryReporter: Sendable {}

extension SentryReporter: EventBus.Subscriber {
    /// Reports refused reloads.
    func receive(_ event: Event) {
        guard event.type == "config.refused", case .array(let errors)? = event.data["errors"] else { return }
        let messages = errors.prefix(10).map { Self.text($0) }
        self.report(
            Self.refusedReload,
            .error,
            message: messages.first ?? "The configuration has errors.",
            extra: ["errors": .array(messages.map { .string($0) }), "count": .integer(errors.count)]
        )
    }

    private static func text(_ error: JSONValue) -> String {
        guard case .object(let members) = error else { return "" }
        var parts: [String: String] = [:]
        for member in members { if case .string(let text) = member.value { parts[member.name] = text } }
        let place = parts["key"].map { $0.isEmpty ? "" : "\($0): " } ?? ""
        return place + (parts["message"] ?? "")
    }
}
