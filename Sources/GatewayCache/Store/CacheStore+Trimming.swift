import Synchronization

extension CacheStore {
    /// How many responses are evicted in one step.
    private static let evictionsPerStep = 64

    /// Evicts responses until the others fit into ``maxSize``. Other tasks run between its steps, and it never runs on an
    /// event loop.
    @concurrent
    package func trim(at now: Int64) async {
        while true {
            for _ in 0..<Self.evictionsPerStep {
                guard self.bytes.load(ordering: .relaxed) > self.maxSize, self.evict(at: now) else { return }
            }
            await Task.yield()
        }
    }
}
