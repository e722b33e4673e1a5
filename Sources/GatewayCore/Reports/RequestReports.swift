import DequeModule
import Synchronization

/// The reports of all event loops, on their way to the one that sends them. Workers do not wait for each other.
package final class RequestReports: Sendable {
    /// What becomes of a report.
    package enum Result: String, CaseIterable, Sendable {
        case sent
        /// The settings exclude its status or code.
        case ignored
        /// It is not in the sample.
        case sampled
        /// There were too many of its kind, or the service refuses more for a while.
        case limited
        /// Too many reports waited.
        case dropped
        /// The service could not be reached, or did not accept it.
        case failed
    }

    package static let events = MetricDescription(
        "gateway_sentry_events_total",
        .counter,
        help: "Reports to Sentry by result: sent, ignored, sampled, limited, dropped, failed.",
        labels: ["result"]
    )

    private let counts = Result.allCases.map { _ in SharedMeter() }
    private let mailboxes = Mutex<[Mailbox]>([])
    private let isNews = Atomic(false)
    private let receiver = Mutex<(@Sendable () -> Void)?>(nil)

    package init() {}

    package func count(_ result: Result, _ number: Int = 1) {
        guard number > 0, let index = Result.allCases.firstIndex(of: result) else { return }
        self.counts[index].add(Double(number))
    }

    /// The number of reports with this result.
    package func number(_ result: Result) -> Int {
        Result.allCases.firstIndex(of: result).map { Int(self.counts[$0].value) } ?? 0
    }

    package func register(with registry: MeterRegistry) {
        registry.addSource { [weak self] in
            var family = MetricFamily(Self.events)
            for (result, count) in zip(Result.allCases, self?.counts ?? []) {
                family.append([result.rawValue], count.value)
            }
            return [family]
        }
    }

    // MARK: The receiver

    /// Calls `body` when there are reports after ``take()`` had none, on the thread of the event loop that added one.
    /// Nil: nobody takes the reports.
    package func whenThereAreSome(_ body: (@Sendable () -> Void)?) { self.receiver.withLock { $0 = body } }

    /// What was reported since the last call.
    package struct Batch: Sendable {
        package var reports: [RequestReport] = []
        package var repeated: [RequestReport.Identity: RepeatedFailure] = [:]

        package var isEmpty: Bool { self.reports.isEmpty && self.repeated.isEmpty }
    }

    /// Takes all reports. The receiver is called for the next one only if there was none.
    package func take() -> Batch {
        let taken = self.takeAll()
        guard taken.isEmpty else { return taken }
        self.isNews.store(false, ordering: .sequentiallyConsistent)
        // Those that were added before this are not announced again.
        let late = self.takeAll()
        if !late.isEmpty { self.isNews.store(true, ordering: .sequentiallyConsistent) }
        return late
    }

    private func takeAll() -> Batch {
        var batch = Batch()
        for mailbox in self.mailboxes.withLock({ $0 }) {
            let content = mailbox.take()
            batch.reports += content.reports
            batch.repeated.merge(content.repeated) { RepeatedFailure(status: $1.status, adding: $0, $1) }
            self.count(.dropped, content.dropped)
        }
        return batch
    }

    // MARK: Workers

    func makeMailbox() -> Mailbox {
        let mailbox = Mailbox(of: self)
        self.mailboxes.withLock { $0.append(mailbox) }
        return mailbox
    }

    fileprivate func announce() {
        guard !self.isNews.exchange(true, ordering: .sequentiallyConsistent) else { return }
        self.receiver.withLock { $0 }?()
    }

    /// The reports of one event loop. Its lock is held to add one, and to take them all.
    package final class Mailbox: Sendable {
        struct Content {
            var reports: Deque<RequestReport> = []
            var repeated: [RequestReport.Identity: RepeatedFailure] = [:]
            /// The number of reports that gave way to others.
            var dropped = 0
        }

        /// The maximum number of reports and of identities.
        private static let limit = 1000
        private let content = Mutex(Content())
        private unowned let all: RequestReports

        init(of all: RequestReports) { self.all = all }

        /// Adds a report. The oldest goes if too many wait.
        func add(_ report: RequestReport) {
            self.content.withLock { content in
                if content.reports.count >= Self.limit {
                    content.reports.removeFirst()
                    content.dropped += 1
                }
                content.reports.append(report)
            }
            self.all.announce()
        }

        /// Counts a failure that is not reported itself.
        func add(_ identity: RequestReport.Identity, status: Int, isLimited: Bool = false) {
            self.content.withLock { content in
                if content.repeated.count >= Self.limit, content.repeated[identity] == nil { return }
                content.repeated[identity, default: RepeatedFailure(status: status)]
                    .add(status: status, isLimited: isLimited)
            }
            self.all.announce()
        }

        func take() -> Content {
            self.content.withLock { content in
                defer { content = Content() }
                return content
            }
        }
    }
}

extension RepeatedFailure {
    fileprivate init(status: Int, adding a: RepeatedFailure, _ b: RepeatedFailure) {
        self.init(status: status, count: a.count + b.count, limited: a.limited + b.limited)
    }

    fileprivate mutating func add(status: Int, isLimited: Bool) {
        self.status = status
        self.count += 1
        if isLimited { self.limited += 1 }
    }
}
