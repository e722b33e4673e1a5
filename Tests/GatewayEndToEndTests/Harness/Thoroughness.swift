import FoundationEssentials

/// How many similar cases tests try. `GATEWAY_THOROUGH=1` tries all of them, which takes minutes instead of seconds.
enum Thoroughness {
    static let isFull = ProcessInfo.processInfo.environment["GATEWAY_THOROUGH"] != nil

    /// Returns `few`, or `many` if tests are to be thorough.
    static func count(_ few: Int, thorough many: Int) -> Int { self.isFull ? many : few }

    /// Returns every fourth case, or all of them if tests are to be thorough.
    static func sample<Case>(_ cases: [Case]) -> [Case] {
        self.isFull ? cases : cases.enumerated().filter { $0.offset % 4 == 0 }.map(\.element)
    }

    /// Returns positions at which to split that many bytes, always the same ones: few, or all of them.
    static func splits(of count: Int, few: Int) -> [Int] {
        let all = Array(1..<max(2, count))
        guard !self.isFull else { return all }
        var random = SeededGenerator(UInt64(count))
        return Array(all.shuffled(using: &random).prefix(few))
    }
}
