/// Consistent hashing by highest random weight. Each target gets its exact share, and only the keys of a removed
/// target move. It needs no table and skips unavailable targets.
struct Rendezvous: Sendable {
    private var seeds: [UInt64] = []
    private var weights: [Double] = []
    /// False if all weights are equal, which is faster.
    private var isWeighted = false

    init() {}

    init(identities: [String], weights: [Int]) {
        for (index, identity) in identities.enumerated() { place(identity, weight: weights[index], at: index) }
    }

    /// Sets the target at an index that was used before, or appends it.
    mutating func place(_ identity: String, weight: Int, at index: Int) {
        if index == seeds.count {
            seeds.append(0)
            weights.append(0)
        }
        seeds[index] = Self.hash(identity)
        weights[index] = Double(weight)
        isWeighted = Set(weights).count > 1
    }

    func target(of hash: UInt64, available: TargetSet) -> Int? {
        var best: Int?
        if !isWeighted {
            var highest: UInt64 = 0
            for target in seeds.indices where available.contains(target) {
                let score = SplitMix64.mix(hash ^ seeds[target])
                if best == nil || score > highest { (best, highest) = (target, score) }
            }
        } else {
            var lowest = Double.infinity
            for target in seeds.indices where available.contains(target) {
                let score = Self.exponential(SplitMix64.mix(hash ^ seeds[target])) / weights[target]
                if best == nil || score < lowest { (best, lowest) = (target, score) }
            }
        }
        return best
    }

    /// Returns the negative logarithm of a number drawn from 0…1. Exponential variables divided by weight choose
    /// targets by weight.
    private static func exponential(_ bits: UInt64) -> Double {
        let uniform = (Double(bits >> 11) + 0.5) * 0x1p-53
        // ln m = 2 artanh((m - 1) / (m + 1)); for 1 ≤ m < 2 five terms leave an error below 0.000002.
        let ratio = (uniform.significand - 1) / (uniform.significand + 1)
        let square = ratio * ratio
        let series = ratio * (1 + square * (1 / 3 + square * (1 / 5 + square * (1 / 7 + square / 9))))
        return -(Double(uniform.exponent) * 0.693_147_180_559_945_3 + 2 * series)
    }

    /// Returns a hash that is the same in every process, so that several gateways agree.
    static func hash(_ text: String) -> UInt64 {
        SplitMix64.mix(text.utf8.reduce(FNV1a.seed64) { FNV1a.combine($0, $1) })
    }
}
