/// A number in the condition of an alert: one value per set of labels.
package indirect enum AlertNumber: Hashable, Sendable {
    case constant(Double)
    case series(AlertSeries)
    /// One number of all series.
    case joined(Join, AlertNumber)
    case negated(AlertNumber)
    case arithmetic(AlertNumber, Arithmetic, AlertNumber)

    package enum Join: String, CaseIterable, Sendable {
        case sum, avg, min, max
    }

    package enum Arithmetic: String, Sendable {
        case plus = "+"
        case minus = "-"
        case times = "*"
        case divided = "/"
    }
}

/// The condition of an alert. It holds, or not, for each set of labels.
package indirect enum AlertCondition: Hashable, Sendable {
    case comparison(AlertNumber, Comparison, AlertNumber)
    case both(AlertCondition, AlertCondition)
    case either(AlertCondition, AlertCondition)
    case not(AlertCondition)

    package enum Comparison: String, CaseIterable, Sendable {
        case above = ">"
        case notBelow = ">="
        case below = "<"
        case notAbove = "<="
        case equal = "=="
        case notEqual = "!="
    }
}

/// The values of a measure or a metric, for those labels that match.
package struct AlertSeries: Hashable, Sendable {
    package enum Source: Hashable, Sendable {
        case measure(AlertMeasure)
        /// A metric of `/metrics`, by its name.
        case metric(String)
    }

    package let source: Source
    package let matchers: [LabelMatcher]

    package init(_ source: Source, _ matchers: [LabelMatcher] = []) {
        self.source = source
        self.matchers = matchers
    }
}

extension AlertNumber {
    /// All series that the number is computed from.
    package var series: [AlertSeries] {
        switch self {
        case .constant: []
        case .series(let series): [series]
        case .joined(_, let number), .negated(let number): number.series
        case .arithmetic(let left, _, let right): left.series + right.series
        }
    }

    /// The labels of its series; nil if they are not known before the evaluation.
    package func labels(_ metrics: AlertMetrics) -> Set<String>? {
        switch self {
        case .constant, .joined: []
        case .series(let series): metrics.labels(of: series.source).map { Set($0) }
        case .negated(let number): number.labels(metrics)
        case .arithmetic(let left, _, let right): left.labels(metrics)?.union(right.labels(metrics) ?? [])
        }
    }

    /// What the number counts.
    package var unit: AlertUnit {
        switch self {
        case .constant: .none
        case .series(let series):
            if case .measure(let measure) = series.source { measure.unit } else { .none }
        case .joined(_, let number), .negated(let number): number.unit
        case .arithmetic(let left, .plus, let right), .arithmetic(let left, .minus, let right):
            left.unit == .none ? right.unit : left.unit
        case .arithmetic(let left, .times, let right):
            left.series.isEmpty ? right.unit : right.series.isEmpty ? left.unit : .none
        case .arithmetic(let left, .divided, let right):
            right.series.isEmpty ? left.unit : left.unit == right.unit && left.unit != .none ? .ratio : .none
        }
    }
}

extension AlertCondition {
    /// All series that the condition is computed from.
    package var series: [AlertSeries] {
        switch self {
        case .comparison(let left, _, let right): left.series + right.series
        case .both(let left, let right), .either(let left, let right): left.series + right.series
        case .not(let condition): condition.series
        }
    }

    /// The labels of its series; nil if they are not known before the evaluation.
    package func labels(_ metrics: AlertMetrics) -> Set<String>? {
        switch self {
        case .comparison(let left, _, let right):
            guard let left = left.labels(metrics), let right = right.labels(metrics) else { return nil }
            return left.union(right)
        case .both(let left, let right), .either(let left, let right):
            guard let left = left.labels(metrics), let right = right.labels(metrics) else { return nil }
            return left.union(right)
        case .not(let condition): return condition.labels(metrics)
        }
    }
}
