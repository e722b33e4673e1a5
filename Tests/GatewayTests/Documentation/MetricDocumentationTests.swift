import Foundation
import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewaySettings

/// Compares `docs/metrics.md` with the metrics that the sources declare.
struct MetricDocumentationTests {
    /// The constants that describe a metric, with the source of their files.
    private static func declared() throws -> [(constant: String, source: String)] {
        try Repository.files(in: "Sources", withExtension: "swift").flatMap {
            path -> [(constant: String, source: String)] in
            let source = try Repository.read(path)
            // A regular expression takes a minute for all sources.
            guard strstr(source, " = MetricDescription(") != nil else { return [] }
            return source.matches(of: /static let (\w+) = MetricDescription\(/).map {
                (constant: String($0.1), source: source)
            }
        }
    }

    @Test func `the manual lists every metric`() throws {
        let tables = MetricCatalog.groups.map { group in
            let rows = group.metrics.map { metric in
                let labels = metric.labels.map { "`\($0)`" }.joined(separator: ", ")
                return "| `\(metric.name)` | \(Self.type(of: metric)) | \(labels) | \(metric.help) |\n"
            }
            return "### \(group.title)\n\n| name | type | labels | meaning |\n|---|---|---|---|\n" + rows.joined()
        }
        try GeneratedFile(path: "docs/metrics.md", suite: "MetricDocumentationTests")
            .expect(blocks: [("metrics", tables.joined(separator: "\n"))])
    }

    @Test func `the catalog of metrics is complete and without duplicates`() throws {
        let declared = try Self.declared()
        #expect(MetricCatalog.all.count == declared.count, "MetricCatalog.groups must list each metric once")
        #expect(Set(MetricCatalog.all.map(\.name)).count == declared.count)
    }

    @Test func `alerts may name every metric`() {
        let own = MetricCatalog.all.map { "\($0.name) \(Self.type(of: $0)) \($0.labels)" }
        let known = AlertMetrics.known.map { "\($0.key) \($0.value.kind) \($0.value.labels)" }
        #expect(Set(own).symmetricDifference(known) == [], "AlertMetrics.known must list each metric")
    }

    @Test func `every metric is recorded by the type that declares it`() throws {
        for metric in try Self.declared() {
            let words = metric.source.split { !$0.isLetter && !$0.isNumber && $0 != "_" }
            let uses = words.count { $0 == metric.constant }
            #expect(uses > 1, "nothing records \(metric.constant): remove it until something does")
        }
    }

    private static func type(of metric: MetricDescription) -> String {
        switch metric.kind {
        case .counter: "counter"
        case .gauge: "gauge"
        case .histogram: "histogram"
        }
    }
}
