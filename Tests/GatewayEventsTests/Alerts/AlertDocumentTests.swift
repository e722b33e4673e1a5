import FoundationEssentials
import GatewaySettings
import Testing

@testable import GatewayEvents

/// The rules in `docs/alerts.md` are valid, and can be evaluated.
@Suite struct AlertDocumentTests {
    private static func examples() throws -> [GatewayConfiguration] {
        let folders = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(4)
        let path = folders.joined(separator: "/") + "/docs/alerts.md"
        let text = String(decoding: try #require(FileManager.default.contents(atPath: path)), as: UTF8.self)
        return try text.split(separator: "```toml\n").dropFirst().map { part in
            let toml = String(part.prefix(upTo: part.firstRange(of: "```")?.lowerBound ?? part.endIndex))
            let reading = try ConfigurationReading(
                toml: toml,
                file: "alerts.md",
                environment: [:],
                vocabulary: ConfigurationVocabulary(middlewares: [], adminPaths: [])
            )
            #expect(reading.errors == [])
            #expect(reading.configuration.document.warnings.filter { $0.key.hasPrefix("alerts") } == [])
            return reading.configuration
        }
    }

    @Test func `the manual has twelve useful rules, which can be evaluated`() throws {
        let examples = try Self.examples()
        #expect(examples.map(\.alerts.count) == [1, 12])
        let now = AlertMoment(clock: 0, wall: 0)
        for configuration in examples {
            let rules = configuration.alerts.compactMap { AlertRule($0, metrics: AlertMetrics()) }
            #expect(rules.map(\.name) == configuration.alerts.map(\.name))
            var board = AlertBoard()
            _ = board.apply(rules, at: now)
            let routes = configuration.routes.map(\.name)
            for (index, rule) in rules.enumerated() {
                let evaluator = AlertEvaluator(growth: [:], readings: [:], minRequests: 10, routes: routes)
                // Nothing was measured yet, which is no alarm.
                let result = board.evaluated(index, evaluator.verdicts(rule.condition), isWarm: true, at: now)
                #expect(result.events.isEmpty)
            }
        }
    }
}
