import Synchronization

/// Limits the number of series per metric, across event loops.
///
/// Checked when a series is created and not when it counts, so its lock is not on the path of a request.
package final class SeriesBudget: Sendable {
    package let limit: Int
    /// How many shards have each series, by metric.
    private let holders = Mutex<[String: [[String]: Int]]>([:])
    private let refusals = Mutex<[String: UInt64]>([:])

    init(limit: Int) {
        self.limit = limit
    }

    /// Whether a shard may create a series with these label values. Refusals are counted.
    func admits(_ labels: [String], of metric: String) -> Bool {
        let admitted = holders.withLock { holders in
            // Not kept in a variable: adding to it would copy all series.
            let isKnown = holders[metric]?[labels] != nil
            guard isKnown || (holders[metric]?.count ?? 0) < limit else { return false }
            holders[metric, default: [:]][labels, default: 0] += 1
            return true
        }
        if !admitted { refusals.withLock { $0[metric, default: 0] += 1 } }
        return admitted
    }

    /// A shard dropped the series.
    func release(_ labels: [String], of metric: String) {
        holders.withLock { holders in
            guard let count = holders[metric]?[labels] else { return }
            holders[metric]?[labels] = count > 1 ? count - 1 : nil
        }
    }

    /// How many label sets were refused, by metric.
    func refused() -> [String: UInt64] {
        refusals.withLock { $0 }
    }
}
