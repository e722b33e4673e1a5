import NIOCore
import Synchronization

/// The meters of all event loops, and of everything else.
package final class MeterRegistry: Sendable {
    /// Reads values that belong to no event loop.
    package typealias Source = @Sendable () -> [MetricFamily]

    package static let seriesDropped = MetricDescription(
        "gateway_metric_series_dropped_total",
        .counter,
        help: "Label sets counted under _OTHER because their metric reached metrics.series_limit.",
        labels: ["metric"]
    )

    private let budget: SeriesBudget
    private let buckets: HistogramBuckets
    private let loopShards = Mutex<[NIOLoopBound<MeterShard>]>([])
    private let sources = Mutex<[Source]>([])

    /// - Parameters:
    ///   - buckets: the buckets of all histograms until the process ends, because counts cannot move to other buckets.
    ///   - seriesLimit: the maximum number of series per metric. Further label sets share one.
    package init(buckets: HistogramBuckets = .standard, seriesLimit: Int = 10_000) {
        self.buckets = buckets
        budget = SeriesBudget(limit: seriesLimit)
    }

    /// Creates the shard of one event loop. Called on that loop.
    func makeShard(on loop: any EventLoop) -> MeterShard {
        let shard = MeterShard(budget: budget, buckets: buckets)
        let bound = NIOLoopBound(shard, eventLoop: loop)
        loopShards.withLock { $0.append(bound) }
        return shard
    }

    /// One shard per event loop.
    var shards: [NIOLoopBound<MeterShard>] { loopShards.withLock { $0 } }

    /// Adds values that belong to no event loop. `source` is called on the thread of the reader.
    package func addSource(_ source: @escaping Source) {
        sources.withLock { $0.append(source) }
    }

    /// Shows `meter` as a series. Several meters with the same labels are merged.
    package func add(_ meter: SharedMeter, as description: MetricDescription, _ labels: [String] = []) {
        addSource {
            var family = MetricFamily(description)
            family.append(labels, meter.value)
            return [family]
        }
    }

    /// All metrics sorted by name, and their series by labels. The event loops of the shards must be running.
    ///
    /// - Parameter natively: Whether histograms have their native buckets.
    package func snapshot(natively: Bool = false) async -> [MetricFamily] {
        await self.snapshot(natively: natively) { _ in true }
    }

    /// The metrics with these names, sorted by them.
    package func snapshot(of names: Set<String>) async -> [MetricFamily] {
        await self.snapshot { names.contains($0) }
    }

    /// The metrics whose name is wanted, sorted by it. Every event loop copies its series in small pieces; what they add up to
    /// is computed on the thread of the caller, without a lock that an event loop needs.
    package func snapshot(
        natively: Bool = false,
        where isWanted: @escaping @Sendable (String) -> Bool
    ) async -> [MetricFamily] {
        var parts = sources.withLock { $0 }.flatMap { $0() }
        await withTaskGroup(of: [MetricFamily].self) { group in
            for shard in self.shards {
                group.addTask { await Self.read(shard, natively: natively, isWanted) }
            }
            for await families in group { parts += families }
        }
        parts.append(droppedSeries())
        parts.removeAll { !isWanted($0.description.name) }
        return Dictionary(grouping: parts, by: \.description.name).values
            .compactMap(MetricFamily.merged)
            .sorted { $0.description.name < $1.description.name }
    }

    /// The series of one event loop; empty if it has stopped.
    private static func read(
        _ shard: NIOLoopBound<MeterShard>,
        natively: Bool,
        _ isWanted: @escaping @Sendable (String) -> Bool
    ) async -> [MetricFamily] {
        let loop = shard.eventLoop
        let begun = loop.submit {
            NIOLoopBound(shard.value.read(isWanted, natively: natively), eventLoop: loop)
        }
        guard let reading = try? await begun.get() else { return [] }
        var families: [MetricFamily] = []
        while let piece = try? await loop.submit({ reading.value.copyPiece() }).get(), !piece.isEmpty {
            families += piece
        }
        return families
    }

    private func droppedSeries() -> MetricFamily {
        var family = MetricFamily(Self.seriesDropped)
        for (metric, count) in budget.refused() { family.append([metric], Double(count)) }
        return family
    }
}
