import DequeModule
import GatewayCore
import Logging
import NIOCore

/// What webhooks read from and write to the store, in batches: what is asked for while one batch is written is the next.
///
/// It belongs to an event loop, which never waits for the store.
final class Outbox {
    /// One thing to do, in the order of the calls.
    enum Step: Sendable {
        /// Store an event for some webhooks.
        case accept(WebhookEvent, [String])
        /// Give up the oldest deliveries that wait.
        case giveUp(String, count: Int)
        /// Store how a try ended.
        case update(WebhookDelivery, DeliveryRows.State, due: Int64)
        /// Store the state of a webhook.
        case state(WebhookRows.State, String)
        /// Read what is next.
        case fetch(String, question: Int)
        /// Make a delivery due again.
        case redeliver(EventID, String, EventLoopPromise<Bool>)
        /// Make all deliveries due that failed before.
        case restart(String)
        /// Delete what is old, or too much.
        case prune(String)
        /// Read what the store knows of all webhooks.
        case read
    }

    /// What came of a step.
    enum Outcome: Sendable {
        case accepted(WebhookDelivery, String)
        case gaveUp(Set<Int64>, String)
        case page(DeliveryRows.Page, String, question: Int)
        case redelivered(more: Int?, String, EventLoopPromise<Bool>)
        case restarted(String)
        case prunedSome(String)
        case saved(String)
        case read(WebhookRows.Reading)
    }

    /// The most events that wait for the store. The oldest are dropped.
    static let eventLimit = 10_000
    /// The most steps of one transaction.
    private static let batchLimit = 500
    static let retryDelay = TimeAmount.seconds(1)
    static let overflow = "too many deliveries waited"

    private let store: EventStore
    private let eventLoop: any EventLoop
    private let log: Logger
    private var steps: Deque<Step> = []
    /// The number of events in `steps`.
    private var events = 0
    private var isBusy = false
    private var isWoken = false
    /// The number of events that were dropped because the store was too slow, or failed.
    private(set) var dropped = 0

    /// Receives what came of a batch, in order.
    var completion: ([Outcome]) -> Void = { _ in }
    /// A batch failed, and part of what was asked for will not be answered.
    var failure: () -> Void = {}

    init(_ store: EventStore, on eventLoop: any EventLoop, log: Logger) {
        self.store = store
        self.eventLoop = eventLoop
        self.log = log
    }

    /// Whether everything was stored.
    var isIdle: Bool { self.steps.isEmpty && !self.isBusy }

    func add(_ step: Step) {
        if case .accept = step {
            self.events += 1
            if self.events > Self.eventLimit { self.dropOldestEvent() }
        }
        self.steps.append(step)
        guard !self.isBusy, !self.isWoken else { return }
        self.isWoken = true
        // After everything that this turn of the event loop adds.
        self.eventLoop.assumeIsolated().execute {
            self.isWoken = false
            self.write()
        }
    }

    private func dropOldestEvent() {
        guard let index = self.steps.firstIndex(where: { if case .accept = $0 { true } else { false } }) else { return }
        self.steps.remove(at: index)
        self.events -= 1
        self.dropped += 1
    }

    private func write() {
        guard !self.isBusy, !self.steps.isEmpty else { return }
        let batch = Array(self.steps.prefix(Self.batchLimit))
        self.steps.removeFirst(batch.count)
        self.events -= batch.count { if case .accept = $0 { true } else { false } }
        self.isBusy = true
        let time = Platform.unixMilliseconds()
        let result = self.store.run(in: .any, on: self.eventLoop) { connection throws(SQLiteError) in
            var outcomes: [Outcome] = []
            for step in batch { try step.perform(at: time, in: connection, &outcomes) }
            return outcomes
        }
        result.assumeIsolated().whenComplete { result in
            self.isBusy = false
            switch result {
            case .success(let outcomes): self.completion(outcomes)
            case .failure(let error): self.failed(batch, because: error)
            }
            self.write()
        }
    }

    private func failed(_ batch: [Step], because error: any Error) {
        let events = batch.count { if case .accept = $0 { true } else { false } }
        self.dropped += events
        self.log.error(
            "cannot store deliveries",
            metadata: ["reason": "\(error)", "events_lost": "\(events)"]
        )
        for case .redeliver(_, _, let promise) in batch { promise.fail(error) }
        self.failure()
    }
}

@available(*, unavailable)
extension Outbox: Sendable {}

extension Outbox.Step {
    fileprivate func perform(
        at time: Int64,
        in connection: SQLiteConnection,
        _ outcomes: inout [Outbox.Outcome]
    ) throws(SQLiteError) {
        switch self {
        case .accept(let event, let webhooks):
            for (webhook, key) in try DeliveryRows.insert(event, for: webhooks, in: connection) {
                outcomes.append(.accepted(WebhookDelivery(key: key, event: event), webhook))
            }
        case .giveUp(let webhook, let count):
            let keys = try DeliveryRows.failOldest(
                count,
                of: webhook,
                because: Outbox.overflow,
                at: time,
                in: connection
            )
            outcomes.append(.gaveUp(Set(keys), webhook))
        case .update(let delivery, let state, let due):
            let isFinished = state == .delivered || state == .failed
            try DeliveryRows.update(delivery, to: state, due: due, finished: isFinished ? time : nil, in: connection)
        case .state(let state, let webhook):
            try WebhookRows.set(state, of: webhook, in: connection)
            outcomes.append(.saved(webhook))
        case .fetch(let webhook, let question):
            let page = try DeliveryRows.page(of: webhook, at: time, limit: WebhookLane.window, in: connection)
            outcomes.append(.page(page, webhook, question: question))
        case .redeliver(let event, let webhook, let promise):
            let more = try DeliveryRows.redeliver(event, to: webhook, in: connection)
            outcomes.append(.redelivered(more: more, webhook, promise))
        case .restart(let webhook):
            try DeliveryRows.restart(webhook, in: connection)
            outcomes.append(.restarted(webhook))
        case .prune(let webhook):
            if try DeliveryRows.prune(webhook, at: time, in: connection) { outcomes.append(.prunedSome(webhook)) }
        case .read: outcomes.append(.read(try WebhookRows.Reading(connection)))
        }
    }
}
