/// The running gateway, as far as the admin API may change it.
package protocol GatewayControl: AnyObject, Sendable {
    /// Reports that the gateway is not ready and ends keep-alive. Listeners stay open.
    func startDrain()
    /// Takes ``startDrain()`` back, unless the gateway is ending.
    func cancelDrain()
    /// Reads the configuration again and applies it, or leaves everything as it is.
    ///
    /// - Parameter actor: Who asks for it, for the audit log.
    func reload(by actor: AuditActor) async -> ReloadOutcome
    /// Checks a configuration as `gateway check` does. Nothing is applied.
    func check(_ toml: String) async -> InspectionOutcome
    /// Compares a configuration with the running one. Nothing is applied.
    ///
    /// - Parameter toml: Nil compares the file, as a reload would read it.
    func compare(_ toml: String?) async -> InspectionOutcome
}
