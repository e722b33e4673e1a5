/// The running gateway, as far as the admin API may change it.
package protocol GatewayControl: AnyObject, Sendable {
    /// Reports that the gateway is not ready and ends keep-alive. Listeners stay open.
    func startDrain()
    /// Takes ``startDrain()`` back, unless the gateway is ending.
    func cancelDrain()
    /// Reads the configuration again and applies it, or leaves everything as it is.
    func reload() async -> ReloadOutcome
}
