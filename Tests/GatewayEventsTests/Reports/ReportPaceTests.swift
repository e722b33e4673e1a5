import GatewaySettings
import NIOCore
import Testing

@testable import GatewayCore

@Suite struct ReportPaceTests {
    private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
    private static let identity = RequestReport.Identity(route: "r", code: "c", upstream: "u")

    @Test func `ten reports at once have details, then one per second`() {
        var pace = ReportPace()
        let atOnce = (0..<20).filter { _ in pace.admits(Self.identity, at: Self.start) }
        #expect(atOnce == Array(0..<10))
        let other = pace.admits(RequestReport.Identity(route: "s", code: "c", upstream: "u"), at: Self.start)
        #expect(other)
        let later = (0..<2).map { _ in pace.admits(Self.identity, at: Self.start + .seconds(1)) }
        #expect(later == [true, false])
        let muchLater = (0..<20).filter { _ in pace.admits(Self.identity, at: Self.start + .seconds(100)) }
        #expect(muchLater.count == 10)
    }

    @Test(arguments: [(0.0, 0), (1.0, 1000), (0.25, 250)])
    func `a sample is a share of all`(_ share: Double, _ expected: Int) {
        var configuration = GatewayConfiguration()
        configuration.sentry.dsn = "https://a@b/1"
        configuration.sentry.sample = share
        configuration.sentry.traces = share
        let policy = ReportPolicy(configuration)
        #expect(policy.samplesTraces == (share > 0))
        var seed: UInt64 = 7
        let taken = (0..<1000).count { _ in
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return policy.samples(seed ^ seed >> 32)
        }
        #expect(abs(taken - expected) <= (share == 0.25 ? 60 : 0))
    }

    @Test func `statuses and codes are ignored, and without a DSN nothing is on`() {
        var configuration = GatewayConfiguration()
        #expect(!ReportPolicy(configuration).isOn)
        configuration.sentry.traces = 1
        #expect(!ReportPolicy(configuration).samplesTraces)
        configuration.sentry.ignore = ["503", "draining"]
        let policy = ReportPolicy(configuration)
        #expect(policy.ignores(status: 503, code: "x"))
        #expect(policy.ignores(status: 200, code: "draining"))
        #expect(!policy.ignores(status: 502, code: "x"))
    }
}
