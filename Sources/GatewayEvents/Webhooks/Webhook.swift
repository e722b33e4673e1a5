package import GatewaySettings

/// A receiver of events, from the configuration file or made through the API.
package struct Webhook: Hashable, Sendable {
    /// What the user wrote. The ID is not empty.
    package var settings: WebhookConfiguration
    /// Whether the configuration file contains it. The API cannot change it then.
    package var isFromFile: Bool
    package var isEnabled = true
    /// The secrets before the last rotation, and until when they sign too, in milliseconds since 1970.
    package var formerSecret: FormerSecret?

    package struct FormerSecret: Hashable, Sendable {
        /// One, or several separated by blanks.
        package var secret: String
        package var until: Int64
    }

    package init(
        settings: WebhookConfiguration,
        isFromFile: Bool,
        isEnabled: Bool = true,
        formerSecret: FormerSecret? = nil
    ) {
        self.settings = settings
        self.isFromFile = isFromFile
        self.isEnabled = isEnabled
        self.formerSecret = formerSecret
    }

    package var id: String { self.settings.id }
}
