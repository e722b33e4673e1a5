import Testing

@testable import GatewayCore

struct ShardReadingTests {
    private static let counted = MetricDescription("x_total", .counter, help: "X.", labels: ["n"])
    private static let timed = MetricDescription("y_seconds", .histogram, help: "Y.", labels: ["n"])

    private func shard(counters: Int, histograms: Int) -> MeterShard {
        let shard = MeterShard(budget: SeriesBudget(limit: .max), buckets: .standard)
        for number in 0..<counters { shard.counter(Self.counted, ["\(number)"]).add(UInt64(number)) }
        for number in 0..<histograms { shard.histogram(Self.timed, ["\(number)"]).observe(nanoseconds: 1) }
        return shard
    }

    @Test func `many series are copied in pieces of limited size`() {
        let reading = self.shard(counters: 2000, histograms: 200).read()
        var labels: [String: [[String]]] = [:]
        var pieces = 0
        while true {
            let piece = reading.copyPiece()
            if piece.isEmpty { break }
            pieces += 1
            let work = piece.reduce(0) { $0 + $1.labels.count * ($1.description.kind == .histogram ? 16 : 1) }
            #expect(work <= 512 + 16)
            for family in piece { labels[family.description.name, default: []] += family.labels }
        }
        #expect(pieces > 9)
        #expect(labels["x_total"] == (0..<2000).map { ["\($0)"] })
        #expect(labels["y_seconds"] == (0..<200).map { ["\($0)"] })
    }

    @Test func `series that appear or vanish meanwhile do not disturb a reading`() {
        let shard = self.shard(counters: 1000, histograms: 0)
        let reading = shard.read()
        var labels = reading.copyPiece().flatMap(\.labels)
        shard.counter(Self.counted, ["new"]).add()
        shard.retain(routes: [], targets: [:])
        while true {
            let piece = reading.copyPiece()
            if piece.isEmpty { break }
            labels += piece.flatMap(\.labels)
        }
        #expect(labels == (0..<1000).map { ["\($0)"] })
        #expect(shard.copy().flatMap(\.labels).count == 1001)
    }

    @Test func `an empty shard has nothing to read`() {
        #expect(self.shard(counters: 0, histograms: 0).read().copyPiece().isEmpty)
    }
}
