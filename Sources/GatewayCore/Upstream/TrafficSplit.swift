/// Decides which side of a split a client belongs to.
///
/// The decision depends only on the client's place, the names and the shares. A larger share takes clients from the
/// other sides and keeps its own, and the clients of a side that is not usable are divided by the other shares.
struct TrafficSplit: Sendable {
    private let sides: Rendezvous
    /// The sides with a share above 0.
    private let sharing: TargetSet

    /// - Parameter sides: The name and the share of each side.
    init(_ sides: [(name: String, share: Int)]) {
        self.sides = Rendezvous(identities: sides.map(\.name), weights: sides.map(\.share))
        var sharing = TargetSet()
        for (index, side) in sides.enumerated() where side.share > 0 { sharing.insert(index) }
        self.sharing = sharing
    }

    /// Returns the index of the side for a place: a usable one if there is one. Nil only if no side has a share.
    ///
    /// - Parameter unusable: The sides that cannot serve requests now.
    func side(at place: SplitPlace, unusable: TargetSet = TargetSet()) -> Int? {
        if !unusable.isEmpty {
            var usable = self.sharing
            usable.subtract(unusable)
            if let side = self.sides.target(of: place.hash, available: usable) { return side }
        }
        return self.sides.target(of: place.hash, available: self.sharing)
    }
}

/// The place of a client among all clients of a split: a number from 0 up to 1, with 12 decimal digits.
struct SplitPlace: Sendable, Equatable {
    /// The digits after the point.
    private let digits: UInt64

    private static let digitCount = 12
    private static let limit: UInt64 = 1_000_000_000_000

    init(using random: inout some RandomNumberGenerator) { self.digits = .random(in: 0..<Self.limit, using: &random) }

    /// Reads the value of a cookie: `0.` and up to 12 digits. Nil for anything else.
    init?(_ text: some Collection<UInt8>) {
        guard text.starts(with: "0.".utf8) else { return nil }
        let written = text.dropFirst(2)
        guard (1...Self.digitCount).contains(written.count) else { return nil }
        var digits: UInt64 = 0
        for byte in written {
            let digit = byte &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            digits = digits * 10 + UInt64(digit)
        }
        for _ in written.count..<Self.digitCount { digits *= 10 }
        self.digits = digits
    }

    /// The value of the cookie.
    var text: String {
        let written = String(self.digits)
        return "0." + String(repeating: "0", count: Self.digitCount - written.count) + written
    }

    fileprivate var hash: UInt64 { SplitMix64.mix(self.digits) }
}
