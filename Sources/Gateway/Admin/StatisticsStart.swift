import NIOCore

/// When the statistics of the admin API began, at the process' start or by `POST /metrics/reset`.
struct StatisticsStart: Sendable {
    let instant: NIODeadline
    /// RFC 3339.
    let time: String
    /// What the counters, which never go back, had counted by then.
    private let counters: [String: [[String]: Double]]

    /// - Parameter milliseconds: since 1970.
    init(at instant: NIODeadline, milliseconds: Int64, families: [MetricFamily] = []) {
        self.instant = instant
        self.time = String(decoding: CivilTime(second: milliseconds / 1000).rfc3339Second, as: UTF8.self) + "Z"
        self.counters = families.reduce(into: [:]) { counters, family in
            guard family.description.kind == .counter else { return }
            let values = family.labels.indices.map { (family.labels[$0], family.values[$0]) }
            counters[family.description.name] = Dictionary(values) { first, _ in first }
        }
    }

    /// What a counter has counted since.
    func counted(_ value: Double, _ name: String, _ labels: [String]) -> Double {
        let before = self.counters[name]?[labels] ?? 0
        // A series that a reload took away and another brought back began anew.
        return value >= before ? value - before : value
    }
}
