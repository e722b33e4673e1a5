/// A set of an upstream's targets, by index. It does not allocate for up to 64 targets.
struct TargetSet: Sendable, Equatable {
    private var first: UInt64 = 0
    private var more: [UInt64] = []

    init() {}

    /// All targets below `count`.
    init(allOf count: Int) {
        first = count >= 64 ? .max : (1 << UInt64(count)) - 1
        if count > 64 { for target in 64..<count { insert(target) } }
    }

    func contains(_ target: Int) -> Bool {
        if target < 64 { return target >= 0 && first & (1 << UInt64(target)) != 0 }
        let word = target / 64 - 1
        return word < more.count && more[word] & (1 << UInt64(target % 64)) != 0
    }

    mutating func insert(_ target: Int) {
        if target < 64 {
            first |= 1 << UInt64(target)
        } else {
            let word = target / 64 - 1
            while more.count <= word { more.append(0) }
            more[word] |= 1 << UInt64(target % 64)
        }
    }

    mutating func remove(_ target: Int) {
        if target < 64 {
            first &= ~(1 << UInt64(target))
        } else if target / 64 - 1 < more.count {
            more[target / 64 - 1] &= ~(1 << UInt64(target % 64))
        }
    }

    mutating func subtract(_ other: TargetSet) {
        first &= ~other.first
        for word in 0..<min(more.count, other.more.count) { more[word] &= ~other.more[word] }
    }

    var count: Int { more.reduce(first.nonzeroBitCount) { $0 + $1.nonzeroBitCount } }
    var isEmpty: Bool { first == 0 && more.allSatisfy { $0 == 0 } }

    static func == (left: TargetSet, right: TargetSet) -> Bool {
        guard left.first == right.first else { return false }
        return (0..<max(left.more.count, right.more.count)).allSatisfy { word in
            (word < left.more.count ? left.more[word] : 0) == (word < right.more.count ? right.more[word] : 0)
        }
    }
}
