import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewayDashboards

/// Compares the expressions of dashboards and rules with the metrics that there are.
struct ExpressionTests {
    private static let metrics = Dictionary(uniqueKeysWithValues: MetricCatalog.all.map { ($0.name, $0) })
    private static let expressions =
        Dashboard.all.flatMap(\.expressions) + RuleFile.recording.expressions
        + RuleFile.alerts.expressions

    /// The metric of a sample's name.
    private static func metric(_ name: String) -> GatewayCore.MetricDescription? {
        if let metric = self.metrics[name] { return metric }
        for suffix in ["_bucket", "_sum", "_count"] where name.hasSuffix(suffix) {
            let metric = self.metrics[String(name.dropLast(suffix.count))]
            if metric?.kind == .histogram { return metric }
        }
        return nil
    }

    private static var name: Regex<(Substring, Substring)> { /\b(gateway|process)_\w+/ }

    private static func withoutRecorded(_ expression: String) -> String {
        expression.replacing(/\bgateway:[\w:]+/, with: "")
    }

    @Test(arguments: expressions) func `each metric and label exists`(expression: String) {
        let recorded = expression.matches(of: /\bgateway:[\w:]+/).map { String($0.0) }
        let names = Self.withoutRecorded(expression).matches(of: Self.name).map { String($0.0) }
        #expect(!names.isEmpty || !recorded.isEmpty)
        for name in recorded { #expect(RuleFile.recording.names.contains(name), "no rule records \(name)") }
        var labels: Set<String> = ["job", "instance"]
        for name in names {
            let metric = Self.metric(name)
            #expect(metric != nil, "there is no metric \(name)")
            labels.formUnion(metric?.labels ?? [])
        }
        if !recorded.isEmpty { return }
        for match in expression.matches(of: /\b(?:by|on) \(([^)]*)\)/) {
            for label in match.1.split(separator: ", ") where label != "le" {
                #expect(labels.contains(String(label)), "\(label) is no label of \(names)")
            }
        }
        for match in expression.matches(of: /[{,](\w+)(?:=~|!~|!=|=)"/) {
            #expect(labels.contains(String(match.1)), "\(match.1) is no label of \(names)")
        }
    }

    @Test(arguments: expressions) func `histograms are read in both forms`(expression: String) {
        #expect(!expression.contains(/\ble(=|!)/), "Prometheus 3 writes bounds in another form than 2")
        for name in Set(expression.matches(of: Self.name).map { String($0.0) }) {
            guard let metric = Self.metric(name), metric.kind == .histogram else { continue }
            #expect(expression.contains(" or "))
            #expect(["_bucket", "_count", "_sum"].contains { expression.contains(metric.name + $0) })
            #expect(["{", "["].contains { expression.contains(metric.name + $0) })
        }
    }

    @Test func `metrics of processes are those of gateways`() {
        for expression in Self.expressions where Self.withoutRecorded(expression).contains("process_") {
            #expect(expression.contains("(job, instance)"), "\(expression) shows other processes")
        }
    }

    @Test func `dashboards use the interval of Grafana, rules their own`() {
        for expression in Dashboard.all.flatMap(\.expressions) where expression.contains("rate(") {
            #expect(expression.contains("[$__rate_interval]"))
        }
        for expression in RuleFile.recording.expressions + RuleFile.alerts.expressions {
            #expect(!expression.contains("$"))
        }
    }
}
