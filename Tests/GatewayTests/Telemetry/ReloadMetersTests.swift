import Testing

@testable import Gateway
@testable import GatewayAdmin
@testable import GatewayCore

struct ReloadMetersTests {
    @Test func `successful and rejected reloads are counted, with the time of the last success`() async {
        let registry = MeterRegistry()
        let reloads = ReloadMeters(start: 1_500)
        reloads.register(with: registry)
        var values = MetricValues(await registry.snapshot())
        #expect(values.sum(ReloadMeters.reloads) == 0)
        #expect(values.sum(ReloadMeters.lastSuccessTime) == 1.5)
        #expect(reloads.lastError == nil)

        reloads.refused(because: "no routes")
        #expect(reloads.lastError == "no routes")
        reloads.reloaded(at: 4_000)
        values = MetricValues(await registry.snapshot())
        #expect(values.sum(ReloadMeters.reloads, where: ["ok"]) == 1)
        #expect(values.sum(ReloadMeters.reloads, where: ["refused"]) == 1)
        #expect(values.sum(ReloadMeters.lastSuccessTime) == 4)
        #expect(reloads.lastError == nil)
    }
}
