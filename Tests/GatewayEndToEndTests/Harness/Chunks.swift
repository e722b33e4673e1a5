@testable import Gateway
@testable import GatewayCore

/// Bodies split at unusual positions.
enum Chunks {
    /// The complete chunked body, in chunks of random sizes.
    static func random(of body: [UInt8], _ random: inout SplitMix64) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = body[...]
        while !rest.isEmpty {
            let largest = min(rest.count, [1, 3, 50, 9_000, 100_000].randomElement(using: &random) ?? 3)
            let count = Int.random(in: 1...largest, using: &random)
            bytes += Array("\(String(count, radix: 16))\r\n".utf8) + rest.prefix(count) + [13, 10]
            rest = rest.dropFirst(count)
        }
        return bytes + Array("0\r\n\r\n".utf8)
    }

    /// Random positions, at most eight, at which to split this many bytes into writes.
    static func cuts(_ count: Int, _ random: inout SplitMix64) -> [Int] {
        (0..<Int.random(in: 0...8, using: &random)).map { _ in Int.random(in: 0...count, using: &random) }.sorted()
    }
}
