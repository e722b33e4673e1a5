package import GatewaySettings

extension Webhook {
    /// How long secrets sign after they were replaced, in milliseconds.
    private static let formerTime: Int64 = 24 * 3600 * 1000
    /// The maximum number of secrets that sign at a time.
    private static let limit = 10

    /// The secrets that sign now, newest first.
    ///
    /// - Parameter now: Milliseconds since 1970.
    package func secrets(at now: Int64) -> [WebhookSecret] {
        (self.settings.secret.texts + self.formerSecrets(at: now)).compactMap { try? WebhookSecret($0) }
    }

    private func formerSecrets(at now: Int64) -> [String] {
        guard let former = self.formerSecret, former.until > now else { return [] }
        return former.secret.split(separator: " ").map(String.init)
    }

    /// Replaces the secrets. Those from before sign for another day.
    ///
    /// - Parameter now: Milliseconds since 1970.
    package mutating func rotate(to secret: String, at now: Int64) {
        let former = (self.settings.secret.texts + self.formerSecrets(at: now)).prefix(Self.limit - 1)
        self.settings.secret = WebhookSecrets([secret])
        self.formerSecret =
            former.isEmpty
            ? nil : FormerSecret(secret: former.joined(separator: " "), until: now + Self.formerTime)
    }
}
