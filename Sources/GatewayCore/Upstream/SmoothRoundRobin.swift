/// Weighted round robin without bursts: weights 5, 1, 1 give a a b a c a a, not a a a a a b c.
struct SmoothRoundRobin: Sendable {
    private var weights: [Int]
    /// How far each target is ahead of or behind its turn. The sum stays zero.
    private var credits: [Int]

    init(weights: [Int] = []) {
        self.weights = weights
        credits = Array(repeating: 0, count: weights.count)
    }

    /// Changes a weight. The targets keep their credits.
    mutating func change(weight: Int, at target: Int) { weights[target] = weight }

    mutating func next(available: TargetSet) -> Int? {
        var best: Int?
        var total = 0
        for target in weights.indices where available.contains(target) {
            total += weights[target]
            credits[target] += weights[target]
            if let leader = best, credits[leader] >= credits[target] { continue }
            best = target
        }
        if let best { credits[best] -= total }
        return best
    }
}
