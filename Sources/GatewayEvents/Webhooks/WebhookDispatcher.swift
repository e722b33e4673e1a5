import DequeModule
import GatewayCore
import GatewaySettings
import Logging
import NIOCore

/// Stores events for the webhooks that want them, and sends them.
///
/// It belongs to an event loop. ``WebhookLane`` decides for each webhook what is next, ``Outbox`` talks to the store, and a
/// ``WebhookSending`` to the receivers.
final class WebhookDispatcher: EventBus.Subscriber {
    /// What is known of one webhook.
    final class Entry {
        var webhook: Webhook
        var lane: WebhookLane
        /// Why it is disabled; nil if it is enabled.
        var disabled: String?
        /// What the store knows of it.
        var saved = WebhookRows.State()
        /// How often `saved` is yet to be written.
        var saving = 0
        /// Wakes the lane.
        var timer: Scheduled<Void>?
        /// The number of deliveries that ended since the last were pruned.
        var finished = 0
        /// Whether the oldest deliveries are being given up.
        var isGivingUp = false

        init(_ webhook: Webhook) {
            self.webhook = webhook
            self.lane = WebhookLane(webhook.id)
        }
    }

    let eventLoop: any EventLoop
    let store: EventStore
    let outbox: Outbox
    let meters: WebhookMeters
    let log: Logger
    private let sender: any WebhookSending
    private let publish: (GatewayEvent) -> Void
    private var random = SystemRandomNumberGenerator()

    var entries: [String: Entry] = [:]
    /// In the order in which they are listed.
    var order: [String] = []
    var configuration = EventsConfiguration()
    var schedule = WebhookLane.Schedule(retry: [], disableAfter: .max)
    /// The webhooks made through the API.
    var made: [Webhook] = []
    /// Whether the store was read.
    var isRead = false
    /// Events from before the store was read.
    private var early: Deque<Event> = []
    var isReading = false
    /// Whether the store may have changed since the reading that is under way began.
    var mustReadAgain = false
    /// The most deliveries that wait per webhook. After that the oldest fail.
    var pendingLimit = 100_000
    var generation = 0
    var dataVersion: Int64 = 0
    /// Whether this process sends.
    var isOwner = false
    /// Whether another process sends from now on.
    var isRetired = false
    var isStopping = false
    private var slots = DeliverySlots()
    var tending: Scheduled<Void>?
    var pruning: Scheduled<Void>?

    /// - Parameter publish: Publishes `webhook.disabled`.
    init(
        on eventLoop: any EventLoop,
        store: EventStore,
        sender: any WebhookSending,
        meters: WebhookMeters,
        publish: @escaping (GatewayEvent) -> Void,
        log: Logger
    ) {
        self.eventLoop = eventLoop
        self.store = store
        self.sender = sender
        self.meters = meters
        self.publish = publish
        self.log = log
        self.outbox = Outbox(store, on: eventLoop, log: log)
        self.outbox.completion = { [unowned self] in self.stored($0) }
        self.outbox.failure = { [unowned self] in self.storeFailed() }
    }

    // MARK: Events

    func receive(_ event: Event) {
        guard self.isRead else {
            if self.early.count >= Outbox.eventLimit { self.early.removeFirst() }
            self.early.append(event)
            return
        }
        let receivers = self.order.filter { id in
            self.entries[id].map { $0.lane.isEnabled && $0.webhook.wants(event) } ?? false
        }
        guard !receivers.isEmpty else { return }
        self.outbox.add(.accept(WebhookEvent(id: event.id, type: event.type, json: event.json), receivers))
    }

    /// Handles the events from before the store was read.
    func receiveEarly() {
        let early = self.early
        self.early = []
        for event in early { self.receive(event) }
    }

    private func stored(_ outcomes: [Outbox.Outcome]) {
        let now = Platform.unixMilliseconds()
        var changed: Set<String> = []
        for outcome in outcomes {
            switch outcome {
            case .accepted(let delivery, let id):
                self.entries[id]?.lane.accepted(delivery)
                changed.insert(id)
            case .gaveUp(let keys, let id):
                guard let entry = self.entries[id] else { continue }
                entry.lane.gaveUp(keys)
                entry.finished += keys.count
                entry.isGivingUp = false
                self.meters.failed(id, count: keys.count)
                changed.insert(id)
            case .page(let page, let id, let question):
                self.entries[id]?.lane.fetched(page, for: question, at: now)
                changed.insert(id)
            case .redelivered(let more, let id, let promise):
                if let more {
                    self.entries[id]?.lane.pending += more
                    self.entries[id]?.lane.storeChanged()
                    changed.insert(id)
                }
                promise.succeed(more != nil)
            case .restarted(let id):
                self.entries[id]?.lane.storeChanged()
                changed.insert(id)
            case .prunedSome(let id): self.outbox.add(.prune(id))
            case .read(let reading): self.use(reading)
            case .saved(let id): self.entries[id]?.saving -= 1
            }
        }
        if self.store.condition.generation != self.generation { self.read() }
        for id in changed {
            self.limit(id)
            self.turn(id)
        }
    }

    /// Gives up the oldest deliveries of a webhook that has too many.
    private func limit(_ id: String) {
        guard let entry = self.entries[id], !entry.isGivingUp, entry.lane.pending > self.pendingLimit else { return }
        entry.isGivingUp = true
        self.outbox.add(.giveUp(id, count: entry.lane.pending - self.pendingLimit))
    }

    // MARK: Turns

    /// Lets a webhook do what is next.
    func turn(_ id: String) {
        guard let entry = self.entries[id] else { return }
        self.meters.set(id, pending: entry.lane.pending)
        guard self.isOwner, !self.isStopping, !self.isReading, entry.lane.sending == nil,
            let slot = self.slots.take(for: id, isFailing: entry.lane.isFailing)
        else { return }
        entry.timer?.cancel()
        entry.timer = nil
        let now = Platform.unixMilliseconds()
        switch entry.lane.next(at: now) {
        case .send(let delivery): return self.send(delivery, to: entry.webhook, slot)
        case .fetch(let question): self.outbox.add(.fetch(id, question: question))
        case .wait(let until):
            // Not longer than a minute, in case the clock is set.
            let delay = TimeAmount.milliseconds(min(max(until - now, 1), 60_000))
            entry.timer = self.eventLoop.assumeIsolated().scheduleTask(in: delay) { [weak self] in self?.turn(id) }
        case .idle: break
        }
        self.give(slot)
    }

    private func give(_ slot: DeliverySlots.Slot) {
        self.slots.give(slot)
        self.inviteNext()
    }

    /// Lets those that wait for a slot have their turns, one after the other, as long as there are slots.
    private func inviteNext() {
        guard let id = self.slots.next() else { return }
        self.eventLoop.assumeIsolated().execute { [weak self] in
            self?.turn(id)
            self?.inviteNext()
        }
    }

    private func send(_ delivery: WebhookDelivery, to webhook: Webhook, _ slot: DeliverySlots.Slot) {
        let start = Platform.unixMilliseconds()
        let attempt = WebhookAttempt(
            id: "\(DeliveryID(delivery.event.id, for: webhook.id))",
            type: delivery.event.type,
            event: delivery.event.json,
            timestamp: start / 1000
        )
        self.sender.send(attempt, to: webhook) { [weak self] result in
            self?.finished(webhook.id, result, start: start, slot)
        }
    }

    /// Sends something beside all deliveries.
    func sendApart(_ attempt: WebhookAttempt, to id: String, then completion: @escaping (WebhookResult?) -> Void) {
        guard let webhook = self.entries[id]?.webhook else { return completion(nil) }
        self.sender.send(attempt, to: webhook) { completion($0) }
    }

    func updateSender() { self.sender.update(self.webhooks) }

    // MARK: Results

    private func finished(_ id: String, _ result: WebhookResult, start: Int64, _ slot: DeliverySlots.Slot) {
        defer {
            self.give(slot)
            // Not at once, so that no webhook keeps the others from their turns.
            self.eventLoop.assumeIsolated().execute { [weak self] in self?.turn(id) }
        }
        guard let entry = self.entries[id] else { return }
        let wasFailing = entry.lane.isFailing
        let attempt = DeliveryTry(time: start, status: result.status, duration: result.duration, error: result.error)
        let finished = entry.lane.finished(
            attempt,
            retryAfter: result.retryAfter.map { Int64($0) * 1000 },
            at: Platform.unixMilliseconds(),
            with: self.schedule,
            random: Double.random(in: 0...1, using: &self.random)
        )
        guard let (delivery, outcome) = finished else { return }
        self.report(entry, wasFailing: wasFailing, attempt)
        switch outcome {
        case .delivered: self.end(delivery, as: .delivered, of: entry)
        case .retry(let due): self.outbox.add(.update(delivery, .retrying, due: due))
        case .failed:
            self.log.warning("a delivery to a webhook failed for good", metadata: Self.metadata(entry.webhook, attempt))
            self.end(delivery, as: .failed, of: entry)
        case .disabled(let reason):
            self.outbox.add(.update(delivery, .waiting, due: 0))
            self.disable(entry, because: reason.rawValue, attempt)
        }
        let meter: WebhookMeters.Result =
            switch outcome {
            case .delivered: .delivered
            case .retry: .retry
            case .failed, .disabled: .failed
            }
        self.meters.tried(id, meter, duration: result.duration)
        self.saveState(of: id)
    }

    /// Says when a webhook begins to fail, and when it works again.
    private func report(_ entry: Entry, wasFailing: Bool, _ attempt: DeliveryTry) {
        let metadata = Self.metadata(entry.webhook, attempt)
        switch (wasFailing, entry.lane.isFailing) {
        case (false, true): self.log.warning("a webhook fails; its deliveries are tried again", metadata: metadata)
        case (true, false): self.log.notice("a webhook works again", metadata: metadata)
        default: break
        }
    }

    private func end(_ delivery: WebhookDelivery, as state: DeliveryRows.State, of entry: Entry) {
        self.outbox.add(.update(delivery, state, due: 0))
        entry.finished += 1
        guard entry.finished >= DeliveryRows.pruneStep else { return }
        entry.finished = 0
        self.outbox.add(.prune(entry.webhook.id))
    }

    private func disable(_ entry: Entry, because reason: String, _ attempt: DeliveryTry) {
        let webhook = entry.webhook
        self.setDisabled(webhook.id, because: reason)
        var metadata = Self.metadata(webhook, attempt)
        metadata["cause"] = "\(reason)"
        self.log.error("webhook disabled; enable it through the admin API", metadata: metadata)
        let data: [String: JSONValue] = ["webhook": .string(webhook.id), "reason": .string(reason)]
        self.publish(GatewayEvent("webhook.disabled", .critical, topic: "gateway", data))
    }

    func setDisabled(_ id: String, because reason: String?) {
        guard let entry = self.entries[id] else { return }
        entry.disabled = reason
        entry.webhook.isEnabled = reason == nil
        self.meters.set(id, disabled: reason)
    }

    /// Stores since when a webhook fails, and whether it is enabled.
    func saveState(of id: String) {
        guard let entry = self.entries[id] else { return }
        let state = WebhookRows.State(disabled: entry.disabled, failingSince: entry.lane.failingSince)
        guard state != entry.saved else { return }
        entry.saved = state
        entry.saving += 1
        self.outbox.add(.state(state, id))
    }

    private static func metadata(_ webhook: Webhook, _ attempt: DeliveryTry) -> Logger.Metadata {
        var metadata: Logger.Metadata = ["webhook": "\(webhook.id)", "host": "\(webhook.host)"]
        if let status = attempt.status { metadata["status"] = "\(status)" }
        if let error = attempt.error { metadata["reason"] = "\(error)" }
        return metadata
    }

    func changeLanes(_ change: (inout WebhookLane) -> Void) {
        for id in self.order {
            if let entry = self.entries[id] { change(&entry.lane) }
            self.turn(id)
        }
    }
}

@available(*, unavailable)
extension WebhookDispatcher: Sendable {}

extension Webhook {
    /// The host of the URL, which is all of it that logs and events contain.
    fileprivate var host: String { self.settings.url.target.hostAndPort?.host ?? "" }
}
