import GatewayCore
import GatewayHTTP
import NIOCore

/// When the JSON statistics started: with the process, or with `POST /metrics/reset`.
struct StatisticsStart: Sendable {
    let instant: NIODeadline
    /// RFC 3339.
    package let time: String
    /// The counters' values at that time. Counters themselves are never reset.
    private let counters: [String: [[String]: Double]]

    /// - Parameters:
    ///   - milliseconds: since 1970.
    ///   - families: the metrics at that time.
    init(at instant: NIODeadline, milliseconds: Int64, families: [MetricFamily] = []) {
        self.instant = instant
        self.time = CivilTime.rfc3339(milliseconds: milliseconds)
        self.counters = families.reduce(into: [:]) { counters, family in
            guard family.description.kind == .counter else { return }
            let values = family.labels.indices.map { (family.labels[$0], family.values[$0]) }
            counters[family.description.name] = Dictionary(values) { first, _ in first }
        }
    }

    /// How far a counter has grown since.
    func counted(_ value: Double, _ name: String, _ labels: [String]) -> Double {
        let before = self.counters[name]?[labels] ?? 0
        // A series that one reload removed and another restored started over.
        return value >= before ? value - before : value
    }
}

extension APISchema {
    static let statisticsStart = Self.time("When the statistics began.")
}
