import GatewayCore
import NIOCore

/// What the API does to webhooks.
extension WebhookDispatcher {
    /// The webhook with this ID; nil if there is none.
    func webhook(_ id: String) -> Webhook? { self.entries[id]?.webhook }

    /// Those of the file first, then those made through the API by ID.
    var webhooks: [Webhook] { self.order.compactMap { self.entries[$0]?.webhook } }

    /// Adds or replaces a webhook made through the API, after it was stored.
    func put(_ webhook: Webhook) {
        self.made = (self.made.filter { $0.id != webhook.id } + [webhook]).sorted { $0.id < $1.id }
        self.update()
    }

    /// Removes a webhook made through the API, after it was deleted from the store.
    func remove(_ id: String) {
        self.made.removeAll { $0.id == id }
        self.update()
    }

    /// Makes everything due that waits, and starts to accept events again.
    func enable(_ id: String) {
        guard self.entries[id] != nil else { return }
        self.setDisabled(id, because: nil)
        self.entries[id]?.lane.enable()
        self.saveState(of: id)
        self.outbox.add(.restart(id))
        self.updateSender()
    }

    /// Sends and accepts nothing until it is enabled. What waits stays.
    func disable(_ id: String) {
        guard self.entries[id] != nil else { return }
        self.setDisabled(id, because: "api")
        self.entries[id]?.lane.disable()
        self.saveState(of: id)
        self.updateSender()
    }
}
