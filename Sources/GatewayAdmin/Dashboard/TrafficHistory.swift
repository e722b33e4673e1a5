import GatewayCore
import GatewaySettings

/// What the dashboard draws lines of: 15 minutes by one second and two hours by ten seconds.
///
/// Memory: 6.5 kB per figure, and 4 kB at most for the ten seconds that are not over.
package struct TrafficHistory: Sendable {
    /// The figures, in the order of their columns. Those of the process come last, and routes do not have them.
    enum Figure: String, CaseIterable {
        case rate
        case errorRatio = "error_ratio"
        case p50 = "p50_ms"
        case p95 = "p95_ms"
        case p99 = "p99_ms"
        case inFlight = "in_flight"
        case processorCores = "cpu_cores"
        case memory = "memory_bytes"

        static let ofRoutes: [Figure] = [.rate, .errorRatio, .p50, .p95, .p99]
        static let quantiles = [0.5, 0.95, 0.99]
    }

    /// A period that can be asked for.
    package enum Span: String, CaseIterable, Sendable {
        case quarter = "15m"
        case hours = "2h"

        /// In seconds.
        var step: Int { self == .quarter ? 1 : 10 }
        var count: Int { self == .quarter ? 900 : 720 }
    }

    /// What the process used in a second. Nil or NaN: unknown.
    struct Usage: Sendable {
        var inFlight = Float.nan
        var processorCores = Float.nan
        var memory = Float.nan
    }

    private let figures: [Figure]
    private var bySecond: HistoryRing
    private var byTenSeconds: HistoryRing
    /// The ten seconds that are not over.
    private var pending = Pending()

    private struct Pending {
        var step: UInt64?
        var seconds: Float = 0
        var traffic = Traffic()
        var usage: [Float] = []
    }

    /// - Parameter isOfRoute: Whether only the figures of routes are kept.
    init(ofRoute isOfRoute: Bool = false) {
        self.figures = isOfRoute ? Figure.ofRoutes : Figure.allCases
        self.bySecond = HistoryRing(count: Span.quarter.count, figures: self.figures.count)
        self.byTenSeconds = HistoryRing(count: Span.hours.count, figures: self.figures.count)
    }

    /// Adds a second that is over. Seconds come in order; some may be missing.
    mutating func append(_ traffic: Traffic, _ usage: Usage = Usage(), at second: UInt64) {
        let usage = [usage.inFlight, usage.processorCores, usage.memory]
        self.bySecond.append(self.row(traffic, seconds: 1, usage), at: second)
        let step = second / 10
        if self.pending.step != step {
            self.endStep()
            self.pending.step = step
            self.pending.usage = usage.map { _ in 0 }
        }
        self.pending.seconds += 1
        self.pending.traffic.add(traffic)
        for (index, value) in usage.enumerated() { self.pending.usage[index] += value }
        if second % 10 == 9 { self.endStep() }
    }

    private mutating func endStep() {
        guard let step = self.pending.step else { return }
        let usage = self.pending.usage.map { $0 / self.pending.seconds }
        self.byTenSeconds.append(self.row(self.pending.traffic, seconds: self.pending.seconds, usage), at: step)
        self.pending = Pending()
    }

    private func row(_ traffic: Traffic, seconds: Float, _ usage: [Float]) -> [Float] {
        let total = Float(traffic.statuses.total)
        var row = [total / seconds, total > 0 ? Float(traffic.statuses[5]) / total : .nan]
        row += Figure.quantiles.map { traffic.durations.quantile($0).map { Float($0 / 1_000_000) } ?? .nan }
        return Array((row + usage).prefix(self.figures.count))
    }

    /// Returns `{"step_seconds","end","rate":[…],…}`, the oldest value first, null where it is unknown.
    ///
    /// - Parameters:
    ///   - second: The last second that is over.
    ///   - time: Returns the time of day at the start of a second, in milliseconds since 1970.
    func json(_ span: Span, upTo second: UInt64, time: (UInt64) -> Int64) -> [String: JSONValue] {
        let ring = span == .quarter ? self.bySecond : self.byTenSeconds
        let step = UInt64(span.step)
        // The last step that is over.
        let end = (second + 1) / step
        var json: [String: JSONValue] = [
            "step_seconds": .integer(span.step), "end": .time(time(end * step)),
        ]
        for (index, figure) in self.figures.enumerated() {
            let column = end > 0 ? ring.column(index, upTo: end - 1) : [Float?](repeating: nil, count: ring.count)
            json[figure.rawValue] = .array(column.map { .figure($0.map { Double($0) }, wholeIf: figure == .memory) })
        }
        return json
    }
}
