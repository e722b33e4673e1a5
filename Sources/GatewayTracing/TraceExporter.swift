import GatewayCore
import GatewayHTTP
import GatewaySettings
import Logging
import NIOCore

/// Sends the spans of requests to the collector, one batch at a time. It belongs to an event loop that is not a worker's.
final class TraceExporter {
    private static let service = "collector"

    private let eventLoop: any EventLoop
    private let services: OutboundServices
    private let requests: TracedRequests
    private let log: Logger
    private var settings: TraceSettings?
    private var redaction = QueryRedaction()
    private var queue = TraceQueue()
    private var schedule = ExportSchedule()
    private var random = SystemRandomNumberGenerator()
    /// The batch that is being sent, or waits to be sent again.
    private var current: TraceQueue.Batch?
    private var isSending = false
    private var timer: Scheduled<Void>?
    /// Succeeds when nothing waits; nil before the end.
    private var flushed: EventLoopPromise<Void>?
    /// Whether a failure was logged since the last batch that was taken.
    private var hasComplained = false

    init(on worker: Worker, resolver: NameResolver, requests: TracedRequests, log: Logger) {
        self.eventLoop = worker.eventLoop
        self.services = OutboundServices(on: worker, resolver: resolver)
        self.requests = requests
        self.log = log
    }

    /// - Parameter settings: Nil: no more spans are sent, and those that wait are dropped.
    func apply(_ settings: TraceSettings?, secretParameters: [String]) {
        self.redaction = QueryRedaction(secretParameters)
        let isMoved = settings?.url != self.settings?.url
        self.settings = settings
        guard let settings else { return self.turnOff() }
        if isMoved {
            self.hasComplained = false
            let upstream = UpstreamConfiguration(service: settings.url, timeout: .seconds(10), maxConnections: 1)
            self.services.update([Self.service: upstream])
        }
        let exporter = NIOLoopBound(self, eventLoop: self.eventLoop)
        let eventLoop = self.eventLoop
        self.requests.serve(limit: settings.queue) { news in eventLoop.execute { exporter.value.receive(news) } }
        self.collect()
    }

    private func turnOff() {
        self.requests.serve(limit: 0, nil)
        self.collect()
        self.dropAll()
        self.services.update([:])
    }

    /// Sends what waits, for at most `time`, and ends.
    func stop(within time: TimeAmount) -> EventLoopFuture<Void> {
        let promise = self.eventLoop.makePromise(of: Void.self)
        self.flushed = promise
        let exporter = NIOLoopBound(self, eventLoop: self.eventLoop)
        let timeout = self.eventLoop.scheduleTask(in: time) { exporter.value.endFlush() }
        // There is no time for a long pause.
        self.timer?.cancel()
        self.timer = nil
        self.collect()
        return promise.futureResult.always { _ in
            timeout.cancel()
            exporter.value.turnOff()
        }
    }

    private func endFlush() {
        guard let flushed = self.flushed else { return }
        self.flushed = nil
        self.timer?.cancel()
        self.timer = nil
        let lost = self.dropAll()
        if lost > 0 { self.log.warning("spans were lost at the end", metadata: ["spans": "\(lost)"]) }
        flushed.succeed()
    }

    @discardableResult
    private func dropAll() -> Int {
        var lost = self.queue.clear()
        if let current = self.current { lost += current.spans }
        self.current = nil
        self.requests.ended(lost, as: .dropped)
        return lost
    }

    // MARK: What waits

    private func receive(_ news: TracedRequests.News) {
        guard let settings = self.settings else { return }
        switch news {
        case .batch: self.collect()
        case .first:
            let exporter = NIOLoopBound(self, eventLoop: self.eventLoop)
            self.eventLoop.scheduleTask(in: settings.interval) { exporter.value.collect() }
        }
    }

    /// Takes the requests of the workers, and sends them if they are due.
    private func collect() {
        let requests = self.requests.take()
        for request in requests {
            let tree = SpanTree(request, self.redaction) { max(1, self.random.next()) }
            let item = TraceQueue.Item(bytes: SpanEncoder.encode(tree.spans), spans: request.spanCount)
            // Those of the workers have waited for an interval.
            self.queue.add(item, due: self.eventLoop.now)
        }
        self.sendNext()
    }

    // MARK: Exports

    private func sendNext() {
        if self.isSending || self.timer != nil { return }
        guard let settings = self.settings, let client = self.services.client(to: Self.service) else {
            return self.checkFlush()
        }
        if self.current == nil {
            let isEnding = self.flushed != nil
            let now = self.eventLoop.now
            guard let batch = self.queue.next(at: now, interval: settings.interval, isEnding: isEnding) else {
                return self.checkFlush()
            }
            self.current = batch
        }
        guard let batch = self.current else { return }
        self.isSending = true
        client.send(settings.request(batch)) { self.ended($0) }
    }

    private func checkFlush() { if self.current == nil, self.queue.spans == 0 { self.endFlush() } }

    private func ended(_ result: Result<OutboundResponse, OutboundFailure>) {
        self.isSending = false
        guard let batch = self.current else { return self.sendNext() }
        let answer: ExportSchedule.Answer
        switch result {
        case .success(let response): answer = .status(response.status, retryAfter: response.pause)
        case .failure: answer = .none
        }
        let random = Double.random(in: 0...1, using: &self.random)
        switch self.schedule.answered(answer, at: self.eventLoop.now, random: random) {
        case .taken:
            self.current = nil
            self.taken(batch, result)
        case .lost:
            self.current = nil
            self.requests.ended(batch.spans, as: .rejected)
            self.complain("the collector refused spans", result)
        case .again(let time):
            self.complain("spans could not be sent, and are sent again", result)
            let exporter = NIOLoopBound(self, eventLoop: self.eventLoop)
            self.timer = self.eventLoop.scheduleTask(deadline: time) {
                exporter.value.timer = nil
                exporter.value.sendNext()
            }
            return
        }
        self.sendNext()
    }

    private func taken(_ batch: TraceQueue.Batch, _ result: Result<OutboundResponse, OutboundFailure>) {
        var rejected = 0
        if case .success(let response) = result {
            let answer = ExportResponse(Array(response.body.readableBytesView))
            rejected = min(answer.rejected, batch.spans)
            if rejected > 0 { self.complain("the collector refused some spans", result, answer.message) }
        }
        self.requests.ended(rejected, as: .rejected)
        self.requests.ended(batch.spans - rejected, as: .sent)
        guard rejected == 0, self.hasComplained else { return }
        self.hasComplained = false
        self.log.notice("spans are sent again", metadata: ["collector": "\(self.settings?.url.origin ?? "")"])
    }

    private func complain(
        _ what: String,
        _ result: Result<OutboundResponse, OutboundFailure>,
        _ message: String = ""
    ) {
        guard !self.hasComplained, let settings = self.settings else { return }
        self.hasComplained = true
        var reason = message
        switch result {
        case .success(let response): if reason.isEmpty { reason = "status \(response.status)" }
        case .failure(let failure): reason = failure.reason ?? failure.kind.rawValue
        }
        self.log.warning("\(what)", metadata: ["collector": "\(settings.url.origin)", "reason": "\(reason)"])
    }
}

@available(*, unavailable)
extension TraceExporter: Sendable {}

extension OutboundResponse {
    /// What `Retry-After` asks for; nil if there is none.
    fileprivate var pause: TimeAmount? {
        guard let value = self.head.headers.first(.retryAfter) else { return nil }
        return self.head.headers.withBytes(value) {
            RetryAfter.seconds($0, now: Platform.unixMilliseconds() / 1000).map { .seconds($0) }
        }
    }
}
