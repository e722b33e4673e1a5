/// The name of an act in the audit log.
package struct AuditAction: Hashable, Sendable {
    package let name: String

    private init(_ name: String) { self.name = name }

    // Acts of the admin API.
    static let startDrain = Self("drain.start")
    static let cancelDrain = Self("drain.cancel")
    static let drainTarget = Self("target.drain")
    static let readyTarget = Self("target.ready")
    static let weighTarget = Self("target.weight")
    static let purgeCache = Self("cache.purge")
    static let resetStatistics = Self("metrics.reset")
    static let enableConsumer = Self("consumer.enable")
    static let disableConsumer = Self("consumer.disable")
    static let silenceAlert = Self("alert.silence")
    static let endSilence = Self("alert.unsilence")
    static let testAlert = Self("alert.test")
    static let createWebhook = Self("webhook.create")
    static let changeWebhook = Self("webhook.change")
    static let deleteWebhook = Self("webhook.delete")
    static let rotateWebhook = Self("webhook.rotate")
    static let enableWebhook = Self("webhook.enable")
    static let disableWebhook = Self("webhook.disable")
    static let testWebhook = Self("webhook.test")
    static let redeliverWebhook = Self("webhook.redeliver")
    /// A request that the admin API refused for lack of access.
    static let refuse = Self("admin.refused")

    package static let reload = Self("config.reload")
    /// Wrong credentials of a client.
    static let failAuthentication = Self("auth.failed")
    /// The file was replaced, as log rotation does, and the chain continues in a new one.
    static let reopen = Self("audit.reopen")

    /// Every action.
    static let all: [Self] = [
        .startDrain, .cancelDrain, .drainTarget, .readyTarget, .weighTarget, .purgeCache, .resetStatistics,
        .enableConsumer, .disableConsumer, .silenceAlert, .endSilence, .testAlert, .createWebhook, .changeWebhook,
        .deleteWebhook, .rotateWebhook, .enableWebhook, .disableWebhook, .testWebhook, .redeliverWebhook, .refuse,
        .reload,
        .failAuthentication, .reopen,
    ]
}
