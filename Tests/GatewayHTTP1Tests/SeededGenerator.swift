/// SplitMix64: the same seed gives the same numbers, so that failures can be reproduced.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { self.state = seed }

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var value = self.state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }

    mutating func bytes(_ count: Int, of alphabet: [UInt8]? = nil) -> [UInt8] {
        (0..<count).map { _ in
            guard let alphabet else { return UInt8.random(in: .min ... .max, using: &self) }
            return alphabet[Int.random(in: 0..<alphabet.count, using: &self)]
        }
    }
}
