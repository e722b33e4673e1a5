package import GatewaySettings

/// The result of reading a configuration that is not applied.
package enum InspectionOutcome: Sendable {
    /// What to answer.
    case report(JSONValue)
    /// The configuration cannot be compared. The errors are those that `gateway check` reports.
    case refused([ConfigurationError], file: String)
    /// Too many inspections wait for their turn.
    case busy
}
