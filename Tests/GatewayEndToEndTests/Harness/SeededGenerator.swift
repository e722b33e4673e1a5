/// SplitMix64: the same seed gives the same numbers, so that failures can be reproduced.
struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    init(_ seed: UInt64) { self.state = seed }

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var bits = self.state
        bits = (bits ^ bits >> 30) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ bits >> 27) &* 0x94D0_49BB_1331_11EB
        return bits ^ bits >> 31
    }

    /// Returns true once in `times` calls on average.
    mutating func once(in times: Int) -> Bool { Int.random(in: 0..<times, using: &self) == 0 }

    /// A realistic body size: often zero or small, occasionally large.
    mutating func size() -> Int {
        switch Int.random(in: 0..<8, using: &self) {
        case 0: 0
        case 1...3: .random(in: 1...300, using: &self)
        case 4...6: .random(in: 300...6_000, using: &self)
        default: .random(in: 6_000...120_000, using: &self)
        }
    }
}
