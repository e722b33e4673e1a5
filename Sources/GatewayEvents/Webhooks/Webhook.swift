package import GatewaySettings

/// A receiver of events, from the configuration file or made through the API.
package struct Webhook: Hashable, Sendable {
    /// What the user wrote. The ID is not empty.
    package var settings: WebhookConfiguration
    /// Whether the configuration file contains it. The API cannot change it then.
    package var isFromFile: Bool
    package var isEnabled = true
    /// The secret before the last rotation, and until when it signs too, in milliseconds since 1970.
    package var formerSecret: FormerSecret?

    package struct FormerSecret: Hashable, Sendable {
        package var secret: String
        package var until: Int64
    }

    package var id: String { self.settings.id }
}
