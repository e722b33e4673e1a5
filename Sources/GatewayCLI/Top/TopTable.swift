import GatewaySettings

/// The text of `gateway top`.
struct TopTable {
    private static let titles = ["ROUTE", "RATE/S", "ERRORS", "P50", "P95", "P99", "IN FLIGHT", "LIMITED/S", "CACHE"]
    /// Problems beyond these are only counted while the table is live.
    private static let mostProblems = 5

    private let answer: TopAnswer

    init(_ answer: TopAnswer) { self.answer = answer }

    /// The whole table, for a pipe.
    var text: String {
        (self.header + self.answer.problems.map { "\($0.severity): \($0.text)" }.map(Self.printable) + [""] + self.table)
            .joined(separator: "\n")
    }

    /// The table, cut to the size of a terminal.
    ///
    /// - Parameter notice: What keeps the table from being current.
    func lines(columns: Int, rows: Int, notice: String?) -> [String] {
        var lines = self.header
        lines += notice.map { ["not current: \($0)"] } ?? []
        let problems = self.answer.problems
        lines += problems.prefix(Self.mostProblems).map { "\($0.severity): \($0.text)" }
        if problems.count > Self.mostProblems {
            lines.append("and \(problems.count - Self.mostProblems) more problems")
        }
        lines = lines.map(Self.printable) + [""] + self.table
        return lines.prefix(max(1, rows)).map { String($0.prefix(max(1, columns))) }
    }

    private var header: [String] {
        let totals = self.answer.totals
        let figures = totals.figures
        var parts = [Self.number(figures.rate) + " requests/s"]
        if let ratio = figures.errorRatio { parts.append(Self.percent(ratio) + " errors") }
        if let p50 = figures.p50, let p95 = figures.p95, let p99 = figures.p99 {
            parts.append(
                "\(Self.milliseconds(p50)) / \(Self.milliseconds(p95)) / \(Self.milliseconds(p99)) p50/p95/p99"
            )
        }
        parts.append("\(figures.inFlight) in flight")
        if let cores = totals.processorCores { parts.append("\(Self.fixed(cores, 2)) cores") }
        if let memory = totals.memoryBytes { parts.append("\(memory >> 20) MiB") }
        let start = "gateway \(self.answer.version)  \(self.answer.state) for \(Self.span(self.answer.uptimeSeconds))"
        return [start, parts.joined(separator: "   ")]
    }

    /// The rows with their titles, the busiest first.
    private var table: [String] {
        let sorted = self.answer.routes.enumerated().sorted {
            ($0.element.figures.rate, $1.offset) > ($1.element.figures.rate, $0.offset)
        }
        let rows = sorted.map { _, route in
            let figures = route.figures
            return [
                Self.printable(route.name), Self.number(figures.rate), figures.errorRatio.map(Self.percent) ?? "-",
                figures.p50.map(Self.milliseconds) ?? "-", figures.p95.map(Self.milliseconds) ?? "-",
                figures.p99.map(Self.milliseconds) ?? "-", "\(figures.inFlight)",
                figures.limitedRate.map(Self.number) ?? "-", figures.cacheHitRatio.map(Self.percent) ?? "-",
            ]
        }
        return AlignedTable.lines([Self.titles] + rows)
    }

    /// Without characters that would control the terminal.
    private static func printable(_ text: String) -> String {
        String(text.unicodeScalars.filter { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) })
    }

    private static func number(_ value: Double) -> String { self.fixed(value, value < 100 ? 1 : 0) }
    private static func percent(_ ratio: Double) -> String { "\(self.fixed(ratio * 100, 1))%" }
    private static func milliseconds(_ value: Double) -> String { "\(self.fixed(value, value < 100 ? 1 : 0))ms" }

    /// A number with this many decimals.
    private static func fixed(_ value: Double, _ decimals: Int) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "-" }
        let scale = [1.0, 10, 100][decimals]
        let scaled = Int((abs(value) * scale).rounded())
        guard decimals > 0 else { return "\(scaled)" }
        let fraction = String(scaled % Int(scale))
        let zeros = String(repeating: "0", count: decimals - fraction.count)
        return "\(scaled / Int(scale)).\(zeros)\(fraction)"
    }

    private static func span(_ seconds: Int) -> String {
        switch seconds {
        case ..<60: "\(seconds)s"
        case ..<3600: "\(seconds / 60)m \(seconds % 60)s"
        case ..<86_400: "\(seconds / 3600)h \(seconds / 60 % 60)m"
        default: "\(seconds / 86_400)d \(seconds / 3600 % 24)h"
        }
    }
}
