import GatewayCore
import GatewaySettings
import Logging
import NIOCore

/// What the dispatcher knows from the configuration and the store.
extension WebhookDispatcher {
    private static let tendInterval = TimeAmount.seconds(1)
    private static let pruneInterval = TimeAmount.hours(1)

    /// Begins with the events that were published so far.
    func start(with configuration: EventsConfiguration, on bus: EventBus.Hands?) {
        self.apply(configuration)
        for event in bus?.recent ?? [] { self.receive(event) }
        bus?.subscribe(self)
        // It reads once the store is open.
        self.tend()
        // Nobody else changes what is in memory.
        if !self.store.path.isEmpty { self.scheduleTending() }
        self.schedulePruning(in: .minutes(1))
    }

    private func scheduleTending() {
        self.tending = self.eventLoop.assumeIsolated().scheduleTask(in: Self.tendInterval) { [weak self] in
            self?.tend()
            self?.scheduleTending()
        }
    }

    private func schedulePruning(in delay: TimeAmount) {
        self.pruning = self.eventLoop.assumeIsolated().scheduleTask(in: delay) { [weak self] in
            self?.prune()
            self?.schedulePruning(in: Self.pruneInterval)
        }
    }

    // MARK: The configuration

    func apply(_ configuration: EventsConfiguration) {
        self.configuration = configuration
        self.schedule = WebhookLane.Schedule(
            retry: configuration.retry.map { $0.nanoseconds / 1_000_000 },
            disableAfter: configuration.disableAfter.nanoseconds / 1_000_000
        )
        self.update()
    }

    /// Brings the webhooks in line with the configuration and those made through the API.
    func update() {
        let ofFile = self.configuration.webhooks.map { Webhook(settings: $0, isFromFile: true) }
        let known = Set(ofFile.map(\.id))
        let webhooks = ofFile + self.made.filter { !known.contains($0.id) }
        let before = self.entries
        self.entries = [:]
        self.order = webhooks.map(\.id)
        for var webhook in webhooks {
            let entry = before[webhook.id] ?? Entry(webhook)
            // Somebody may have corrected what made it fail.
            let isCorrected = webhook.isFromFile && entry.disabled != nil && entry.webhook.settings != webhook.settings
            webhook.isEnabled = entry.disabled == nil
            entry.webhook = webhook
            self.entries[webhook.id] = entry
            if isCorrected { self.enable(webhook.id) }
        }
        for (id, entry) in before where self.entries[id] == nil { entry.timer?.cancel() }
        self.meters.retain(self.order)
        self.updateSender()
        for id in self.order { self.turn(id) }
        // The store may contain deliveries of a webhook that is back.
        if self.order.contains(where: { before[$0] == nil }), self.isRead { self.read() }
    }

    // MARK: Reading

    /// Reads what the store knows: at the start, and when another database has taken its place.
    func read() {
        guard !self.isReading else {
            // The store may have changed after it was read.
            self.mustReadAgain = true
            return
        }
        self.isReading = true
        self.outbox.add(.read)
    }

    /// Part of what was asked for will not be answered.
    func storeFailed() {
        self.isReading = false
        for entry in self.entries.values { entry.saving = 0 }
        if !self.isRead { self.use(WebhookRows.Reading()) }
        self.changeLanes { $0.storeChanged() }
    }

    func use(_ reading: WebhookRows.Reading) {
        self.isReading = false
        let condition = self.store.condition
        let isNew = !self.isRead
        let isOther = condition.generation != self.generation
        self.isRead = true
        self.generation = condition.generation
        self.isOwner = condition.isOwner && !self.isRetired
        // While the file cannot be used, what was read from it before stays.
        if isNew || condition.problem == nil {
            if !isNew, isOther, reading.webhooks.isEmpty {
                self.keepMade()
            } else {
                self.made = reading.webhooks
            }
            self.update()
            for id in self.order { self.restore(reading.states[id] ?? WebhookRows.State(), of: id) }
        }
        for id in self.order { self.entries[id]?.lane.pending = reading.pending[id] ?? 0 }
        self.changeLanes { $0.storeChanged() }
        self.updateSender()
        if isNew { self.receiveEarly() }
        guard self.mustReadAgain else { return }
        self.mustReadAgain = false
        self.read()
    }

    /// Writes the webhooks made through the API to a store that began anew, because its file was damaged and removed.
    private func keepMade() {
        let made = self.made
        guard !made.isEmpty else { return }
        self.store.run(on: self.eventLoop) { connection throws(SQLiteError) in
            for webhook in made { try WebhookRows.put(webhook, in: connection) }
        }.assumeIsolated().whenFailure { error in
            self.log.error("cannot store the webhooks made through the API", metadata: ["reason": "\(error)"])
        }
    }

    private func restore(_ state: WebhookRows.State, of id: String) {
        // What was read may be older than what is yet to be written.
        guard let entry = self.entries[id], entry.saving == 0, entry.saved != state else { return }
        entry.saved = state
        entry.lane = WebhookLane(
            id,
            isEnabled: state.disabled == nil,
            failingSince: state.failingSince,
            pending: entry.lane.pending
        )
        self.setDisabled(id, because: state.disabled)
    }

    /// Looks after the store, and finds out whether this process sends now.
    private func tend() {
        guard !self.isStopping else { return }
        self.store.tend(on: self.eventLoop).assumeIsolated().whenSuccess { version in
            let condition = self.store.condition
            let isChanged = version != self.dataVersion && self.dataVersion != 0
            self.dataVersion = version
            if condition.generation != self.generation || (condition.isOwner && !self.isRetired) != self.isOwner
                || isChanged
            {
                self.read()
            }
        }
    }

    private func prune() {
        self.store.run(in: .any, on: self.eventLoop) { connection throws(SQLiteError) in
            try DeliveryRows.webhooks(in: connection)
        }.assumeIsolated().whenSuccess { webhooks in
            for id in webhooks { self.outbox.add(.prune(id)) }
        }
    }

    // MARK: The end

    /// Sends no more. What is under way may end.
    func stopSending() {
        self.isOwner = false
        self.isRetired = true
        for id in self.order { self.entries[id]?.timer?.cancel() }
    }

    /// Sends what is in memory, although another process sends what is in the file.
    func sendFromMemory() {
        self.isRetired = false
        self.read()
    }

    func stop() {
        self.isStopping = true
        self.tending?.cancel()
        self.pruning?.cancel()
        self.stopSending()
    }

    /// Whether nothing is under way, and everything is stored.
    var isQuiet: Bool { self.outbox.isIdle && self.entries.values.allSatisfy { $0.lane.sending == nil } }

    /// Whether this process has nothing to send at the moment.
    var isDone: Bool { self.isQuiet && self.entries.values.allSatisfy { $0.lane.isWaiting || !self.isOwner } }
}
