import Foundation
import Testing

@testable import Gateway

/// Compares `docs/metrics.md` with the registry of metrics.
struct MetricDocumentationTests {
    private static let registry = "Sources/Gateway/Telemetry/Metrics.swift"

    /// The names of the constants in the source.
    private static func declared() throws -> [String] {
        let parts = try Repository.read(self.registry).components(separatedBy: " = MetricDescription(")
        return parts.dropLast().compactMap { $0.split(separator: " ").last.map(String.init) }
    }

    @Test func `the manual lists every metric`() throws {
        let tables = Metrics.groups.map { group in
            let rows = group.metrics.map { metric in
                let labels = metric.labels.map { "`\($0)`" }.joined(separator: ", ")
                return "| `\(metric.name)` | \(Self.type(of: metric)) | \(labels) | \(metric.help) |\n"
            }
            return "### \(group.title)\n\n| name | type | labels | meaning |\n|---|---|---|---|\n" + rows.joined()
        }
        try GeneratedFile(path: "docs/metrics.md", suite: "MetricDocumentationTests")
            .expect(blocks: [("metrics", tables.joined(separator: "\n"))])
    }

    @Test func `the registry of metrics is complete and without duplicates`() throws {
        let declared = try Self.declared()
        #expect(Metrics.all.count == declared.count, "Metrics.groups must list each metric once")
        #expect(Set(Metrics.all.map(\.name)).count == declared.count)
    }

    @Test func `every metric in the registry is recorded somewhere`() throws {
        let sources = try Repository.files(in: "Sources", withExtension: "swift").filter { $0 != Self.registry }
            .map(Repository.read).joined()
        for name in try Self.declared() {
            #expect(
                sources.contains("Metrics.\(name)"),
                "nothing records Metrics.\(name): remove it until something does"
            )
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
