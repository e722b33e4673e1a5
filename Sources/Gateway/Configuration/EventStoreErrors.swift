import GatewayEvents
import GatewaySettings

extension GatewayConfiguration {
    /// Returns an error if `events.store` cannot be used. Looks at the file, which blocks.
    func eventStoreErrors() -> [ConfigurationError] {
        guard !self.events.store.isEmpty, let problem = EventStore.problem(at: self.events.store) else { return [] }
        let path = SettingPath("events") + "store"
        let error = ConfigurationError(
            "\(JSONText.quoted(self.events.store)) \(problem)",
            suggestion: "write the path of a new file in a folder that is writable, or \"\" for memory",
            key: path.description,
            at: self.document.position(of: path)
        )
        return self.document.redacted([error])
    }
}
