package import GatewayCore
package import GatewayHTTP
import GatewaySettings
import NIOCore

/// Sends the tries of webhooks over HTTP. It belongs to the event loop of the events.
///
/// Webhooks share no connections, so one that hangs does not slow down the others. A webhook that is not in use has no
/// connections, and its name is not looked up.
package final class WebhookSender: WebhookSending {
    /// How long a webhook without tries keeps its connections and the addresses of its name.
    private static let idleTime = TimeAmount.minutes(1)
    /// Longer than any try.
    private static let longest = TimeSpan.minutes(10)

    private struct Service {
        let url: ServiceURL
        /// The number of tries in progress.
        var tries = 0
        var usedAt: NIODeadline
    }

    private struct Waiting {
        let attempt: WebhookAttempt
        let webhook: Webhook
        let completion: (WebhookResult) -> Void
    }

    private let worker: Worker
    private let resolver: NameResolver
    private var clients: OutboundServices
    private var addresses = AddressPolicy.publicOnly
    /// The webhooks in use, by ID.
    private var services: [String: Service] = [:]
    /// Tries to webhooks that were not in use.
    private var waiting: [Waiting] = []
    private var cleaning: Scheduled<Void>?

    /// - Parameter resolver: Resolves the hosts of webhooks.
    package init(on worker: Worker, resolver: NameResolver) {
        self.worker = worker
        self.resolver = resolver
        self.clients = OutboundServices(on: worker, resolver: resolver, addresses: self.addresses)
    }

    /// Sets the addresses that may be connected to.
    package func allow(_ addresses: AddressPolicy) {
        guard addresses != self.addresses else { return }
        self.addresses = addresses
        self.clients.stop()
        self.clients = OutboundServices(on: self.worker, resolver: self.resolver, addresses: addresses)
        self.services = [:]
    }

    /// Ends. Tries in progress finish.
    package func stop() {
        self.cleaning?.cancel()
        self.services = [:]
        self.waiting = []
        self.clients.stop()
    }

    package func update(_ webhooks: [Webhook]) {
        let ids = Set(webhooks.map(\.id))
        self.services = self.services.filter { ids.contains($0.key) }
        self.configureClients()
    }

    package func send(
        _ attempt: WebhookAttempt,
        to webhook: Webhook,
        then completion: @escaping (WebhookResult) -> Void
    ) {
        // A webhook from before a change of `allow_private` has not been checked.
        if let problem = webhook.settings.url.webhookProblem(self.addresses) {
            return completion(WebhookResult(duration: 0, error: problem.problem))
        }
        if self.services[webhook.id]?.url == webhook.settings.url {
            return self.sendNow(attempt, to: webhook, then: completion)
        }
        self.services[webhook.id] = Service(url: webhook.settings.url, usedAt: .now())
        self.waiting.append(Waiting(attempt: attempt, webhook: webhook, completion: completion))
        // An event may concern a thousand webhooks, which together cost one change.
        if self.waiting.count == 1 { self.onLoop { $0.sendWaiting() } }
    }

    private func sendWaiting() {
        self.configureClients()
        let waiting = self.waiting
        self.waiting = []
        for next in waiting { self.sendNow(next.attempt, to: next.webhook, then: next.completion) }
        self.cleanLater()
    }

    private func sendNow(
        _ attempt: WebhookAttempt,
        to webhook: Webhook,
        then completion: @escaping (WebhookResult) -> Void
    ) {
        guard let client = self.clients.client(to: Self.name(webhook.id)) else {
            return completion(WebhookResult(duration: 0, error: "the webhook was removed"))
        }
        let start = NIODeadline.now()
        self.services[webhook.id]?.tries += 1
        client.send(WebhookRequest(to: webhook).request(attempt)) { result in
            self.services[webhook.id]?.tries -= 1
            self.services[webhook.id]?.usedAt = .now()
            completion(WebhookResult(result, of: webhook.settings, duration: .now() - start))
        }
    }

    // MARK: Services

    /// The name of a service in logs.
    private static func name(_ id: String) -> String { "webhook:\(id)" }

    private func configureClients() {
        let clients = self.services.map { id, service in
            (Self.name(id), UpstreamConfiguration(service: service.url, timeout: Self.longest, maxConnections: 2))
        }
        self.clients.update(Dictionary(clients, uniquingKeysWith: { _, last in last }))
    }

    private func cleanLater() {
        guard self.cleaning == nil, !self.services.isEmpty else { return }
        let sender = NIOLoopBound(self, eventLoop: self.worker.eventLoop)
        self.cleaning = self.worker.eventLoop.scheduleTask(in: Self.idleTime) { sender.value.clean() }
    }

    private func clean() {
        self.cleaning = nil
        let idleSince = NIODeadline.now() - Self.idleTime
        let used = self.services.filter { $0.value.tries > 0 || $0.value.usedAt > idleSince }
        if used.count < self.services.count {
            self.services = used
            self.configureClients()
        }
        self.cleanLater()
    }

    private func onLoop(_ task: @escaping @Sendable (WebhookSender) -> Void) {
        let sender = NIOLoopBound(self, eventLoop: self.worker.eventLoop)
        self.worker.eventLoop.execute { task(sender.value) }
    }
}

@available(*, unavailable)
extension WebhookSender: Sendable {}
