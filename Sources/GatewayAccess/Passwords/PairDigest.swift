/// A digest of a name and a password, made with a secret key. It identifies the pair without holding it.
package struct PairDigest: Hashable, Sendable {
    private let first: UInt64
    private let second: UInt64

    package init(_ words: (UInt64, UInt64)) {
        self.first = words.0
        self.second = words.1
    }

    package static func == (left: Self, right: Self) -> Bool {
        (left.first ^ right.first) | (left.second ^ right.second) == 0
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(self.first) }
}
