package import NIOCore

/// The traffic of a route, or of all together.
package struct MeasuredTraffic: Sendable {
    /// Of the seconds that were asked for.
    package var recent = Traffic()
    /// Since the route exists.
    package var counted = StatusCounts()

    package init() {}

    package mutating func add(_ other: MeasuredTraffic) {
        self.recent.add(other.recent)
        self.counted.add(other.counted)
    }
}

extension MeterRegistry {
    /// The second of a time, counted from the zero of the clock.
    package static func second(at time: NIODeadline) -> UInt64 { time.uptimeNanoseconds / 1_000_000_000 }

    /// The traffic of each of `routes` in some of the last ten seconds. Each event loop adds up without a break, so ask for
    /// some dozens of routes at a time.
    package func traffic(of routes: [String], in seconds: ClosedRange<UInt64>) async -> [MeasuredTraffic] {
        let pending = self.shards.map { shard in
            shard.eventLoop.submit { shard.value.traffic(of: routes, in: seconds) }
        }
        var result = routes.map { _ in MeasuredTraffic() }
        for future in pending {
            guard let parts = try? await future.get() else { continue }
            for (index, part) in parts.enumerated() {
                if let part { result[index].add(part) }
            }
        }
        return result
    }

    /// The traffic of all routes together in some of the last ten seconds.
    package func traffic(in seconds: ClosedRange<UInt64>) async -> MeasuredTraffic {
        let pending = self.shards.map { shard in shard.eventLoop.submit { shard.value.traffic(in: seconds) } }
        var result = MeasuredTraffic()
        for future in pending {
            if let part = try? await future.get() { result.add(part) }
        }
        return result
    }

    /// The counters and histograms with these names as the event loops have them. Cheaper than a snapshot, which reads
    /// gauges too, so it can be asked for each second.
    package func counters(named names: Set<String>) async -> [MetricFamily] {
        let pending = self.shards.map { shard in shard.eventLoop.submit { shard.value.counters(named: names) } }
        var parts: [MetricFamily] = []
        for future in pending { parts += (try? await future.get()) ?? [] }
        return Dictionary(grouping: parts, by: \.description.name).values.compactMap(MetricFamily.merged)
    }

    /// The sum of all series of a gauge that event loops set themselves.
    package func sum(of gauge: MetricDescription) async -> Double {
        let pending = self.shards.map { shard in shard.eventLoop.submit { shard.value.sum(of: gauge) } }
        var sum = 0.0
        for future in pending { sum += (try? await future.get()) ?? 0 }
        return sum
    }
}

extension MeterShard {
    /// Nil for a route without traffic.
    fileprivate func traffic(of routes: [String], in seconds: ClosedRange<UInt64>) -> [MeasuredTraffic?] {
        routes.map { route in
            guard let performance = self.performances[route] else { return nil }
            var traffic = MeasuredTraffic()
            performance.copy(seconds, to: &traffic.recent)
            traffic.counted = performance.counted
            return traffic
        }
    }

    fileprivate func traffic(in seconds: ClosedRange<UInt64>) -> MeasuredTraffic {
        var traffic = MeasuredTraffic()
        for performance in self.performances.values {
            performance.copy(seconds, to: &traffic.recent)
            traffic.counted.add(performance.counted)
        }
        return traffic
    }
}
