/// What `/metrics/counters` says: every counter, since the statistics began.
enum CounterReport {
    static func json(_ families: [MetricFamily], since start: StatisticsStart) -> SettingValue {
        let counters = families.filter { $0.description.kind == .counter }.map { family in
            let series = family.labels.enumerated().map { place, values -> SettingValue in
                let value = start.counted(family.values[place], family.description.name, values)
                let labels = zip(family.description.labels, values.map { SettingValue.string($0) })
                return [
                    "labels": .table(Dictionary(labels) { first, _ in first }),
                    "value": Int(exactly: value).map { .integer($0) } ?? .number(value),
                ]
            }
            return (family.description.name, SettingValue.list(series))
        }
        return ["since": .string(start.time), "counters": .table(Dictionary(counters) { first, _ in first })]
    }
}
