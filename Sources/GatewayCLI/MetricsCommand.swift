import ArgumentParser
import FoundationEssentials
import Gateway
import GatewayCore
import GatewayDashboards
import GatewaySettings

/// `gateway metrics`: lists all metrics, and writes dashboards and rules that use them.
struct MetricsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "metrics",
        abstract: "List all metrics, or write dashboards for Grafana and rules for Prometheus.",
        discussion: "Needs no configuration and no running gateway. Without options it lists the metrics."
    )

    @Flag(name: .long, help: "List all metrics: name, type, unit, labels and meaning.")
    var list = false

    @Flag(name: .long, help: "List them as JSON.")
    var json = false

    @Option(name: .long, help: ArgumentHelp("Write dashboards for Grafana to this folder.", valueName: "dir"))
    var grafana: String?

    @Option(
        name: .long,
        help: ArgumentHelp("Write recording rules and alerts for Prometheus to this folder.", valueName: "dir")
    )
    var rules: String?

    func validate() throws {
        if self.json, !self.isListing { throw ValidationError("--json lists the metrics: add --list") }
    }

    func run() throws {
        if let grafana { try Self.write(DashboardFile.grafana, to: grafana) }
        if let rules { try Self.write(DashboardFile.prometheus, to: rules) }
        guard self.isListing else { return }
        try StandardOutput.print(
            self.json ? JSONText.text(.array(Self.metrics.map(\.json)), indented: true) : Self.table
        )
    }

    private var isListing: Bool { self.list || self.grafana == nil && self.rules == nil }

    private static var metrics: [MetricDescription] { MetricCatalog.all.sorted { $0.name < $1.name } }

    private static var table: String {
        let rows = Self.metrics.map { metric in
            [metric.name, metric.type, metric.unit?.rawValue ?? "-", metric.labels.joined(separator: ","), metric.help]
        }
        return AlignedTable.lines([["NAME", "TYPE", "UNIT", "LABELS", "MEANING"]] + rows).joined(separator: "\n")
    }

    private static func write(_ files: [DashboardFile], to folder: String) throws {
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            for file in files {
                let path = folder.hasSuffix("/") ? folder + file.name : "\(folder)/\(file.name)"
                try Data(file.text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
                try StandardOutput.print("Wrote \(path).")
            }
        } catch let error as OutputError {
            throw error
        } catch {
            StandardError.print(lines: ["cannot write to \(folder): check that it is a folder, and its permissions"])
            throw ExitCode(1)
        }
    }
}

extension MetricDescription {
    fileprivate var type: String {
        switch self.kind {
        case .counter: "counter"
        case .gauge: "gauge"
        case .histogram: "histogram"
        }
    }

    fileprivate var json: JSONValue {
        [
            "name": .string(self.name),
            "type": .string(self.type),
            "unit": .string(self.unit?.rawValue ?? ""),
            "labels": .array(self.labels.map { .string($0) }),
            "help": .string(self.help),
        ]
    }
}
