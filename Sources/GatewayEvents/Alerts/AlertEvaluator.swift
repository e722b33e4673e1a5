import GatewaySettings

/// Computes conditions from what the gateway measured. NaN means no data: too few requests, or a division by zero.
struct AlertEvaluator {
    /// What a condition says about one series.
    struct Verdict: Equatable {
        /// nil if there is no data.
        var holds: Bool?
        /// The value that was compared.
        var value: Double
        var unit: AlertUnit
    }

    /// How much counters grew in the window, by source.
    let growth: [AlertSource: CounterWindow.Growth]
    /// Values of the moment, by source.
    let readings: [AlertSource: AlertReading]
    /// Fewer requests than this are no data.
    let minRequests: Int
    let routes: [String]

    init(
        growth: [AlertSource: CounterWindow.Growth],
        readings: [AlertSource: AlertReading],
        minRequests: Int = 0,
        routes: [String] = []
    ) {
        self.growth = growth
        self.readings = readings
        self.minRequests = minRequests
        self.routes = routes
    }

    /// - Parameter readings: Values of the moment.
    init(_ rule: AlertRule, window: CounterWindow, readings: [AlertSource: AlertReading], routes: [String]) {
        var growth: [AlertSource: CounterWindow.Growth] = [:]
        for source in rule.sources where source.isCumulative { growth[source] = window.growth(of: source) }
        self.init(growth: growth, readings: readings, minRequests: rule.minRequests, routes: routes)
    }

    func verdicts(_ condition: AlertCondition) -> AlertTable<Verdict> {
        switch condition {
        case .comparison(let left, let comparison, let right):
            // The side that was measured is what people want to know.
            let showsRight = left.series.isEmpty
            let unit = showsRight ? right.unit : left.unit
            return self.numbers(left).joined(self.numbers(right)) { left, right in
                Verdict(
                    holds: left.isNaN || right.isNaN ? nil : comparison.holds(left, right),
                    value: showsRight ? right : left,
                    unit: unit
                )
            }
        case .both(let left, let right):
            return self.verdicts(left).joined(self.verdicts(right)) { left, right in
                let holds: Bool? =
                    left.holds == false || right.holds == false
                    ? false : left.holds == nil || right.holds == nil ? nil : true
                return Verdict(holds: holds, value: left.value, unit: left.unit)
            }
        case .either(let left, let right):
            return self.verdicts(left).joinedKeepingRest(self.verdicts(right)) { left, right in
                if left.holds == true { return left }
                if right.holds == true { return right }
                return left.holds == nil || right.holds == nil
                    ? Verdict(holds: nil, value: left.value, unit: left.unit) : left
            }
        case .not(let condition):
            return self.verdicts(condition).mapValues { verdict in
                Verdict(holds: verdict.holds.map { !$0 }, value: verdict.value, unit: verdict.unit)
            }
        }
    }

    func numbers(_ number: AlertNumber) -> AlertTable<Double> {
        switch number {
        case .constant(let value): return AlertTable([.none: value])
        case .series(let series): return self.values(series)
        case .negated(let number): return self.numbers(number).mapValues { -$0 }
        case .joined(let join, let number):
            let values = self.numbers(number).rows.values.filter { !$0.isNaN }
            return AlertTable([.none: join.value(values)])
        case .arithmetic(let left, let operation, let right):
            return self.numbers(left).joined(self.numbers(right)) { left, right in
                let result = operation.value(left, right)
                return result.isFinite ? result : .nan
            }
        }
    }

    // MARK: Series

    private func values(_ series: AlertSeries) -> AlertTable<Double> {
        var rows: [AlertLabels: Double]
        switch series.source {
        case .measure(let measure): rows = self.values(of: measure)
        case .metric(let name):
            let source = AlertSource(metric: name)
            if source.isCumulative, let growth = self.growth[source] {
                rows = growth.rows.mapValues { ($0.first ?? .nan) / growth.seconds }
            } else if source.isCumulative {
                rows = [:]
            } else {
                rows = self.readings[source]?.rows.mapValues { $0.first ?? .nan } ?? [:]
            }
        }
        if !series.matchers.isEmpty {
            rows = rows.filter { row in
                series.matchers.allSatisfy { $0.matches(row.key[$0.label] ?? "") }
            }
        }
        return AlertTable(rows)
    }

    private func values(of measure: AlertMeasure) -> [AlertLabels: Double] {
        let source = AlertSource(measure)
        guard source.isCumulative else { return self.moment(measure, self.readings[source]?.rows ?? [:]) }
        let growth = self.growth[source]
        var rows = growth?.rows.mapValues { self.value(of: measure, $0, growth) } ?? [:]
        guard measure.label == "route" else { return rows }
        // Routes without requests, whose counters do not exist yet.
        let none = growth == nil || measure.needsRequests ? Double.nan : 0
        for route in self.routes {
            let labels = AlertLabels(sorted: ["route"], [route])
            if rows[labels] == nil { rows[labels] = none }
        }
        return rows
    }

    private func moment(_ measure: AlertMeasure, _ rows: [AlertLabels: [Double]]) -> [AlertLabels: Double] {
        rows.mapValues { values in
            switch measure {
            case .upstreamUp: values.count == 2 && values[1] > 0 ? values[0] / values[1] : .nan
            // Those of several targets were added.
            case .circuitOpen: (values.first ?? 0) > 0 ? 1 : 0
            default: values.first ?? .nan
            }
        }
    }

    private func value(of measure: AlertMeasure, _ values: [Double], _ growth: CounterWindow.Growth?) -> Double {
        guard let growth, growth.seconds > 0, let first = values.first else { return .nan }
        switch measure {
        case .errorRate: return self.share(values[1], of: first)
        case .cacheHitRatio: return self.share(first, of: values[1])
        case .requestRate, .limitedRate, .cpu: return first / growth.seconds
        case .webhookFailures: return first
        case .latencyAverage, .p50, .p90, .p95, .p99:
            let counts = values.dropLast()
            let count = counts.reduce(0, +)
            guard count > 0, count >= Double(self.minRequests) else { return .nan }
            switch measure {
            case .p50: return DurationBuckets.quantile(0.5, counts, bounds: growth.bounds)
            case .p90: return DurationBuckets.quantile(0.9, counts, bounds: growth.bounds)
            case .p95: return DurationBuckets.quantile(0.95, counts, bounds: growth.bounds)
            case .p99: return DurationBuckets.quantile(0.99, counts, bounds: growth.bounds)
            default: return (values.last ?? .nan) / count
            }
        case .inFlight, .upstreamUp, .circuitOpen, .memory, .openFiles, .certificateDays: return first
        }
    }

    private func share(_ part: Double, of whole: Double) -> Double {
        whole > 0 && whole >= Double(self.minRequests) ? part / whole : .nan
    }
}

extension AlertSource {
    init(metric name: String) { self = AlertMetrics.isCounter(name) ? .counter(name) : .gauge(name) }

    /// The sources that a condition is computed from.
    static func all(of condition: AlertCondition) -> Set<AlertSource> {
        Set(
            condition.series.map { series in
                switch series.source {
                case .measure(let measure): AlertSource(measure)
                case .metric(let name): AlertSource(metric: name)
                }
            }
        )
    }
}

extension AlertCondition.Comparison {
    fileprivate func holds(_ left: Double, _ right: Double) -> Bool {
        switch self {
        case .above: left > right
        case .notBelow: left >= right
        case .below: left < right
        case .notAbove: left <= right
        case .equal: left == right
        case .notEqual: left != right
        }
    }
}

extension AlertNumber.Arithmetic {
    fileprivate func value(_ left: Double, _ right: Double) -> Double {
        switch self {
        case .plus: left + right
        case .minus: left - right
        case .times: left * right
        case .divided: left / right
        }
    }
}

extension AlertNumber.Join {
    /// NaN if there are no values.
    fileprivate func value(_ values: [Double]) -> Double {
        switch self {
        case .sum: values.isEmpty ? .nan : values.reduce(0, +)
        case .avg: values.reduce(0, +) / Double(values.count)
        case .min: values.min() ?? .nan
        case .max: values.max() ?? .nan
        }
    }
}
