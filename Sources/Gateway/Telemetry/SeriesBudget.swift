import Synchronization

/// Keeps each metric below its limit of series, for all event loops together.
///
/// Asked when a series is made, not when it is counted in, so its lock is not in the path of a request.
final class SeriesBudget: Sendable {
    let limit: Int
    /// For each metric its series, and how many shards have each of them.
    private let holders = Mutex<[String: [[String]: Int]]>([:])
    private let refusals = Mutex<[String: UInt64]>([:])

    init(limit: Int) {
        self.limit = limit
    }

    /// Whether a shard may have a series of its own for these label values; a refusal is counted.
    func admits(_ labels: [String], of metric: String) -> Bool {
        let admitted = holders.withLock { holders in
            let series = holders[metric, default: [:]]
            guard series[labels] != nil || series.count < limit else { return false }
            holders[metric, default: [:]][labels, default: 0] += 1
            return true
        }
        if !admitted { refusals.withLock { $0[metric, default: 0] += 1 } }
        return admitted
    }

    /// A shard has dropped its series.
    func release(_ labels: [String], of metric: String) {
        holders.withLock { holders in
            guard let count = holders[metric]?[labels] else { return }
            holders[metric]?[labels] = count > 1 ? count - 1 : nil
        }
    }

    /// How often a label set was refused, by metric.
    func refused() -> [String: UInt64] {
        refusals.withLock { $0 }
    }
}
