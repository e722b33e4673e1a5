import GatewaySettings

/// The statuses that count as failures of a target, as a bit for each. It holds no reference, so that workers do not
/// contend for its count.
struct FailureStatuses: Sendable, Equatable {
    private static let first = 100
    private static let count = 512

    private var words = SIMD8<UInt64>()

    init(_ ranges: [StatusRange]) {
        for range in ranges {
            for status in range.statuses {
                let bit = status - Self.first
                guard (0..<Self.count).contains(bit) else { continue }
                self.words[bit / 64] |= 1 << UInt64(bit % 64)
            }
        }
    }

    func contains(_ status: Int) -> Bool {
        let bit = status - Self.first
        guard bit >= 0, bit < Self.count else { return false }
        return self.words[bit / 64] & 1 << UInt64(bit % 64) != 0
    }
}
