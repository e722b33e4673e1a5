import Testing

@testable import Gateway
@testable import GatewaySettings

struct RestartSettingsTests {
    @Test func `settings that need a restart keep their values and are reported with their place`() throws {
        let running = GatewayConfiguration()
        var new = try GatewayConfiguration(
            toml:
                "[server]\nworkers = 3\n[metrics]\nbuckets = [1.0]\n[[routes]]\npath = \"/*\"\nrespond = { body = \"\" }\n",
            environment: [:]
        )
        let warnings = RestartSettings.keep(in: &new, of: running)
        #expect(warnings.map(\.key) == ["server.workers", "metrics.buckets"])
        #expect(warnings.map(\.line) == [2, 4])
        #expect(new.server.workers == running.server.workers)
        #expect(new.metrics.buckets == running.metrics.buckets)
    }

    @Test func `equal settings are no warning`() {
        var same = GatewayConfiguration()
        #expect(RestartSettings.keep(in: &same, of: GatewayConfiguration()).isEmpty)
    }
}
