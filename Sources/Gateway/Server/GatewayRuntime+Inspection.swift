import GatewayAdmin

extension GatewayRuntime {
    func check(_ toml: String) async -> InspectionOutcome { await self.inspector.check(toml) }

    func compare(_ toml: String?) async -> InspectionOutcome {
        await self.inspector.compare(toml, with: self.status.configuration)
    }
}
