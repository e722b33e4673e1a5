import Testing

@testable import Gateway
@testable import GatewayCore

@Suite struct TrafficSplitTests {
    /// Returns the side of each of `count` clients, which are the same for every split.
    private static func sides(
        _ shares: [(name: String, share: Int)],
        unusable: [Int] = [],
        clients count: Int = 20_000
    ) -> [Int?] {
        var random = SeededRandom(seed: 7)
        let split = TrafficSplit(shares)
        var out = TargetSet()
        for side in unusable { out.insert(side) }
        return (0..<count).map { _ in split.side(at: SplitPlace(using: &random), unusable: out) }
    }

    private static func share(of side: Int, in sides: [Int?]) -> Double {
        Double(sides.count { $0 == side }) / Double(sides.count)
    }

    @Test(arguments: [[95, 5], [50, 50], [1, 1, 1], [1, 999_999], [10, 20, 70], [1_000_000, 1_000_000]])
    func `each side gets its share`(shares: [Int]) {
        let sides = Self.sides(shares.enumerated().map { ("side\($0)", $1) })
        let total = Double(shares.reduce(0, +))
        for (side, share) in shares.enumerated() {
            #expect(abs(Self.share(of: side, in: sides) - Double(share) / total) < 0.015)
        }
    }

    @Test(arguments: [[0, 100], [0, 0, 1], [1, 0]])
    func `a side with the share 0 gets nothing`(shares: [Int]) {
        let named = shares.enumerated().map { ("side\($0)", $1) }
        for side in Self.sides(named) { #expect(side.map { shares[$0] > 0 } == true) }
        // Not even if it is the only usable one.
        let others = shares.indices.filter { shares[$0] > 0 }
        for side in Self.sides(named, unusable: others, clients: 100) { #expect(side.map { shares[$0] > 0 } == true) }
    }

    @Test func `a split without shares has no side`() {
        #expect(Self.sides([("a", 0), ("b", 0)], clients: 10).allSatisfy { $0 == nil })
    }

    @Test(arguments: [(5, 10), (5, 50), (50, 95), (0, 1)])
    func `a side whose share grows keeps its clients`(before: Int, after: Int) {
        let first = Self.sides([("canary", before), ("stable", 100 - before)])
        let second = Self.sides([("canary", after), ("stable", 100 - after)])
        for (first, second) in zip(first, second) where first == 0 { #expect(second == 0) }
    }

    @Test func `clients move only to the side whose share grows`() {
        let first = Self.sides([("a", 10), ("b", 20), ("c", 70)])
        let second = Self.sides([("a", 60), ("b", 20), ("c", 70)])
        for (first, second) in zip(first, second) { #expect(second == first || second == 0) }
        #expect(abs(Self.share(of: 0, in: second) - 0.4) < 0.015)
    }

    @Test func `the others share the clients of a side that is not usable`() {
        let shares = [("a", 10), ("b", 30), ("c", 60)]
        let all = Self.sides(shares)
        let without = Self.sides(shares, unusable: [2])
        for (before, after) in zip(all, without) where before != 2 { #expect(after == before) }
        #expect(abs(Self.share(of: 0, in: without) - 0.25) < 0.015)
        #expect(abs(Self.share(of: 1, in: without) - 0.75) < 0.015)
    }

    @Test func `if no side is usable, all keep their shares`() {
        let shares = [("a", 10), ("b", 90)]
        #expect(Self.sides(shares) == Self.sides(shares, unusable: [0, 1]))
    }

    @Test func `the order of the sides does not matter`() {
        let first = Self.sides([("a", 10), ("b", 90)], clients: 1_000)
        let second = Self.sides([("b", 90), ("a", 10)], clients: 1_000)
        #expect(first == second.map { $0.map { 1 - $0 } })
    }

    // MARK: Places

    @Test(arguments: ["0.5", "0.000000000000", "0.999999999999", "0.1", "0.123456789012", "0.0"])
    func `a place is read`(text: String) {
        let place = SplitPlace(Array(text.utf8))
        #expect(place?.text == text.padding(to: 14))
        #expect(place == SplitPlace(Array(text.padding(to: 14).utf8)))
    }

    @Test(
        arguments: [
            "", "0", "0.", ".5", "1.0", "1", "-0.5", "+0.5", "0.5 ", " 0.5", "0,5", "0.5e1", "0.-1", "0.1234567890123",
            "0.٥", "nan", "canary", "\"0.5\"", "00.5", "0.0.5", "0x.5",
        ]
    )
    func `anything else is malformed`(text: String) { #expect(SplitPlace(Array(text.utf8)) == nil) }

    @Test func `a new place is read back`() {
        var random = SeededRandom(seed: 1)
        for _ in 0..<1_000 {
            let place = SplitPlace(using: &random)
            #expect(place.text.utf8.count == 14)
            #expect(SplitPlace(Array(place.text.utf8)) == place)
        }
    }
}

extension String {
    fileprivate func padding(to count: Int) -> String {
        self + String(repeating: "0", count: max(0, count - self.utf8.count))
    }
}
