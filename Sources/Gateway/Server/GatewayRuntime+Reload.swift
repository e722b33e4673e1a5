import GatewayAdmin

extension GatewayRuntime {
    func reload() async -> ReloadOutcome { .unavailable("This program has no configuration file.") }
}
