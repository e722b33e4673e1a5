import NIOCore

/// The webhooks of the file and those made through the API, with their deliveries. Any thread may use it.
package final class WebhookRegistry: Sendable {
    package let meters: WebhookMeters
    private let store: EventStore
    private let dispatcher: NIOLoopBound<WebhookDispatcher>

    init(_ dispatcher: WebhookDispatcher) {
        self.meters = dispatcher.meters
        self.store = dispatcher.store
        self.dispatcher = NIOLoopBound(dispatcher, eventLoop: dispatcher.eventLoop)
    }

    private func onLoop<Result: Sendable>(_ body: @escaping @Sendable (WebhookDispatcher) -> Result) async -> Result? {
        try? await self.dispatcher.eventLoop.submit { body(self.dispatcher.value) }.get()
    }

    // MARK: Webhooks

    /// All webhooks: those of the file first.
    package func all() async -> [Webhook] { await self.onLoop { $0.webhooks } ?? [] }

    /// Returns a webhook; nil if there is none with this ID.
    package func webhook(_ id: String) async -> Webhook? { await self.onLoop { $0.webhook(id) } ?? nil }

    /// How the deliveries of a webhook go.
    package struct Status: Hashable, Sendable {
        /// Why it is disabled: `gone`, `failing` or `api`; nil if it is enabled.
        package var disabled: String?
        /// Since when everything fails, in milliseconds since 1970; nil if the last try succeeded.
        package var failingSince: Int64?
        /// The number of deliveries that wait.
        package var pending = 0
    }

    /// Returns how the deliveries of a webhook go; nil if there is no such webhook.
    package func status(of id: String) async -> Status? {
        await self.onLoop { dispatcher in
            dispatcher.entries[id].map { entry in
                Status(
                    disabled: entry.disabled,
                    failingSince: entry.lane.failingSince,
                    pending: entry.lane.pending
                )
            }
        } ?? nil
    }

    /// Adds or replaces a webhook made through the API. It is stored when this returns.
    ///
    /// - Throws: Why the store cannot be used. Nothing has changed then.
    package func put(_ webhook: Webhook) async throws(SQLiteError) {
        try await self.store.run { connection throws(SQLiteError) in try WebhookRows.put(webhook, in: connection) }
        _ = await self.onLoop { $0.put(webhook) }
    }

    /// Deletes a webhook made through the API with its deliveries.
    ///
    /// - Throws: Why the store cannot be used. Nothing has changed then.
    package func delete(_ id: String) async throws(SQLiteError) {
        try await self.store.run { connection throws(SQLiteError) in try WebhookRows.delete(id, in: connection) }
        _ = await self.onLoop { $0.remove(id) }
    }

    /// Accepts and sends events again. Everything that waits is due.
    package func enable(_ id: String) async { _ = await self.onLoop { $0.enable(id) } }

    /// Accepts and sends nothing until the webhook is enabled.
    package func disable(_ id: String) async { _ = await self.onLoop { $0.disable(id) } }

    // MARK: Deliveries

    /// Returns deliveries of a webhook, the newest first.
    ///
    /// - Parameters:
    ///   - status: Nil: all.
    ///   - cursor: ``DeliveryReport/key`` of the last one of the page before; nil for the first page.
    ///   - limit: The most deliveries to return.
    /// - Throws: Why the store cannot be used.
    package func deliveries(
        of webhook: String,
        status: DeliveryReport.Status?,
        before cursor: Int64?,
        limit: Int
    ) async throws(SQLiteError) -> [DeliveryReport] {
        try await self.store.read { connection throws(SQLiteError) in
            try DeliveryRows.list(of: webhook, status: status, before: cursor, limit: limit, in: connection)
        }
    }

    /// Sends a delivery again, whatever became of it, with the same ID and all tries ahead of it.
    ///
    /// - Returns: Whether there is such a delivery.
    package func redeliver(_ delivery: String, to webhook: String) async -> Bool {
        guard let id = DeliveryID(delivery, of: webhook) else { return false }
        let promise = self.dispatcher.eventLoop.makePromise(of: Bool.self)
        let isAsked: Void? = await self.onLoop { $0.outbox.add(.redeliver(id.event, webhook, promise)) }
        if isAsked == nil { promise.succeed(false) }
        return (try? await promise.futureResult.get()) ?? false
    }

    /// Sends something at once, beside all deliveries, and returns what came of it; nil if there is no such webhook.
    package func send(_ attempt: WebhookAttempt, to id: String) async -> WebhookResult? {
        let promise = self.dispatcher.eventLoop.makePromise(of: WebhookResult?.self)
        let isAsked: Void? = await self.onLoop { $0.sendApart(attempt, to: id) { promise.succeed($0) } }
        if isAsked == nil { promise.succeed(nil) }
        return (try? await promise.futureResult.get()) ?? nil
    }

    // MARK: The end

    /// How long deliveries that are under way may take when another process takes over, or this one ends.
    private static let patience: Duration = .seconds(1)

    /// Leaves sending to another process, which begins as soon as this returns. What is in memory nobody else can send, so
    /// this process sends it until its end.
    func handOver() async {
        if self.store.path.isEmpty { return }
        _ = await self.onLoop { $0.stopSending() }
        await self.wait { $0.isQuiet }
        await self.store.giveUpLease()
        if self.store.condition.problem != nil { _ = await self.onLoop { $0.sendFromMemory() } }
    }

    /// Sends what can be sent at once, stores the rest, and ends.
    func stop() async {
        await self.wait { $0.isDone }
        _ = await self.onLoop { $0.stop() }
        await self.wait { $0.outbox.isIdle }
    }

    private func wait(until condition: @escaping @Sendable (WebhookDispatcher) -> Bool) async {
        let clock = ContinuousClock()
        let end = clock.now + Self.patience
        while clock.now < end, await self.onLoop(condition) == false {
            try? await Task.sleep(for: .milliseconds(5))
        }
    }
}
