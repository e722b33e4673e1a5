import Synchronization

/// The requests of all event loops whose spans are kept, on their way to the one that sends them. Workers do not wait for
/// each other or for the collector.
package final class TracedRequests: Sendable {
    /// What becomes of a span.
    package enum Result: String, CaseIterable, Sendable {
        case sent
        /// The collector did not accept it.
        case rejected
        /// Too many spans waited, or the gateway ended first.
        case dropped
    }

    /// Why the receiver is called.
    package enum News: Sendable {
        /// The first span since the last ``take()`` has come.
        case first
        /// A whole batch has come.
        case batch
    }

    package static let spans = MetricDescription(
        "gateway_trace_spans_total",
        .counter,
        help: "Spans by what became of them: sent, rejected by the collector, dropped because too many waited.",
        labels: ["result"]
    )
    /// The number of spans of a batch.
    package static let batch = 512

    private let counts = Result.allCases.map { _ in SharedMeter() }
    private let mailboxes = Mutex<[Mailbox]>([])
    private let receiver = Mutex<(@Sendable (News) -> Void)?>(nil)
    /// The maximum number of spans that wait.
    private let limit = Atomic(0)
    /// The number of spans that wait, here and at the receiver.
    private let waiting = Atomic(0)
    /// The number of spans that came since the last ``take()``.
    private let arrived = Atomic(0)

    package init() {}

    package func count(_ result: Result, _ number: Int) {
        guard number > 0, let index = Result.allCases.firstIndex(of: result) else { return }
        self.counts[index].add(Double(number))
    }

    /// The number of spans with this result.
    package func number(_ result: Result) -> Int {
        Result.allCases.firstIndex(of: result).map { Int(self.counts[$0].value) } ?? 0
    }

    package func register(with registry: MeterRegistry) {
        registry.addSource { [weak self] in
            var family = MetricFamily(Self.spans)
            for (result, count) in zip(Result.allCases, self?.counts ?? []) {
                family.append([result.rawValue], count.value)
            }
            return [family]
        }
    }

    // MARK: The receiver

    /// - Parameters:
    ///   - limit: The maximum number of spans that wait.
    ///   - body: Called on the thread of the event loop that added a request. Nil: nobody takes requests.
    package func serve(limit: Int, _ body: (@Sendable (News) -> Void)?) {
        self.limit.store(limit, ordering: .relaxed)
        self.receiver.withLock { $0 = body }
    }

    /// Takes all requests. Their spans wait until ``ended(_:as:)``.
    package func take() -> [TracedRequest] {
        self.arrived.store(0, ordering: .sequentiallyConsistent)
        return self.mailboxes.withLock { $0 }.flatMap { $0.take() }
    }

    /// Records what became of spans that waited.
    package func ended(_ spans: Int, as result: Result) {
        self.waiting.subtract(spans, ordering: .relaxed)
        self.count(result, spans)
    }

    // MARK: Workers

    func makeMailbox() -> Mailbox {
        let mailbox = Mailbox(of: self)
        self.mailboxes.withLock { $0.append(mailbox) }
        return mailbox
    }

    /// Whether there is room for so many spans. They count as waiting then.
    fileprivate func admits(_ spans: Int) -> Bool {
        let waiting = self.waiting.add(spans, ordering: .relaxed).newValue
        if waiting <= self.limit.load(ordering: .relaxed) { return true }
        self.ended(spans, as: .dropped)
        return false
    }

    fileprivate func announce(_ spans: Int) {
        let (before, now) = self.arrived.add(spans, ordering: .sequentiallyConsistent)
        if before == 0 { self.receiver.withLock { $0 }?(.first) }
        if before < Self.batch, now >= Self.batch { self.receiver.withLock { $0 }?(.batch) }
    }

    /// The requests of one event loop. Its lock is held to add one, and to take them all.
    package final class Mailbox: Sendable {
        private let content = Mutex<[TracedRequest]>([])
        private unowned let all: TracedRequests

        init(of all: TracedRequests) { self.all = all }

        /// Adds a request, or drops all its spans if too many wait.
        package func add(_ request: TracedRequest) {
            let spans = request.spanCount
            guard self.all.admits(spans) else { return }
            self.content.withLock { $0.append(request) }
            self.all.announce(spans)
        }

        fileprivate func take() -> [TracedRequest] {
            self.content.withLock { content in
                defer { content = [] }
                return content
            }
        }
    }
}
