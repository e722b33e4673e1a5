/// Copies the series of a shard piece by piece on its event loop, so that no request waits for long.
///
/// Series that appear or vanish meanwhile do not disturb it: it reads those that existed when it began.
package final class ShardReading {
    private struct Metric {
        let description: MetricDescription
        let labels: [[String]]
        let meters: [ShardMetric.Meter]
    }

    private var metrics: [Metric]
    /// The next series of the last metric.
    private var next = 0
    private let bounds: [Double]
    private let natively: Bool

    /// The work of one piece, some tens of microseconds: a counter or a gauge is 1, a histogram `histogramWork`.
    private static let pieceWork = 512
    private static let histogramWork = 16

    init(_ metrics: [ShardMetric], bounds: [Double], natively: Bool) {
        self.metrics = metrics.map { Metric(description: $0.description, labels: $0.labels, meters: $0.meters) }
        self.bounds = bounds
        self.natively = natively
    }

    /// Copies some series. Empty when all were copied.
    package func copyPiece() -> [MetricFamily] {
        var families: [MetricFamily] = []
        var work = 0
        while let metric = self.metrics.last, work < Self.pieceWork {
            let each = metric.description.kind == .histogram ? Self.histogramWork : 1
            let end = min(metric.meters.count, self.next + max(1, (Self.pieceWork - work) / each))
            families.append(self.copy(metric, self.next..<end))
            work += (end - self.next) * each
            self.next = end
            if end == metric.meters.count {
                self.metrics.removeLast()
                self.next = 0
            }
        }
        return families
    }

    /// Copies all series at once.
    package func copyAll() -> [MetricFamily] {
        var families: [MetricFamily] = []
        while true {
            let piece = self.copyPiece()
            if piece.isEmpty { return families }
            families += piece
        }
    }

    private func copy(_ metric: Metric, _ places: Range<Int>) -> MetricFamily {
        var family = MetricFamily(metric.description, bounds: self.bounds, natively: self.natively)
        family.reserve(places.count)
        for place in places {
            let labels = metric.labels[place]
            switch metric.meters[place] {
            case .counter(let counter): family.append(labels, counter.value)
            case .gauge(let gauge): family.append(labels, gauge.value)
            case .histogram(let histogram): family.append(labels, histogram)
            }
        }
        return family
    }
}

@available(*, unavailable)
extension ShardReading: Sendable {}
