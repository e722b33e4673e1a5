import Testing

@testable import GatewayAdmin

struct HistoryRingTests {
    @Test func `nothing is known before the first row`() {
        let ring = HistoryRing(count: 3, figures: 1)
        #expect(ring.column(0, upTo: 10) == [nil, nil, nil])
    }

    @Test func `rows are listed by age, and missing steps are unknown`() {
        var ring = HistoryRing(count: 5, figures: 2)
        ring.append([1, 10], at: 100)
        ring.append([2, 20], at: 102)
        #expect(ring.column(0, upTo: 102) == [nil, nil, 1, nil, 2])
        #expect(ring.column(1, upTo: 103) == [nil, 10, nil, 20, nil])
    }

    @Test func `a gap longer than the ring clears it`() {
        var ring = HistoryRing(count: 3, figures: 1)
        for step: UInt64 in 1...3 { ring.append([1], at: step) }
        ring.append([2], at: 1_000_000)
        #expect(ring.column(0, upTo: 1_000_000) == [nil, nil, 2])
    }

    @Test func `an older step is ignored`() {
        var ring = HistoryRing(count: 3, figures: 1)
        ring.append([1], at: 7)
        ring.append([2], at: 7)
        ring.append([3], at: 6)
        #expect(ring.column(0, upTo: 7) == [nil, nil, 1])
    }

    @Test(arguments: [1, 2, 3]) func `columns match a list of all rows`(seed: UInt64) {
        var random = SplitMix(state: seed)
        var ring = HistoryRing(count: 7, figures: 1)
        var rows: [UInt64: Float] = [:]
        var step: UInt64 = 0
        for _ in 0..<200 {
            step += 1 + random.next() % 9 / 3
            let value = Float(random.next() % 100)
            ring.append([value], at: step)
            rows[step] = value
            let end = step + random.next() % 10
            let expected = (0..<7).map { index in end >= UInt64(6 - index) ? rows[end - UInt64(6 - index)] : nil }
            #expect(ring.column(0, upTo: end) == expected)
        }
    }
}

/// Random numbers from a seed.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var z = self.state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
