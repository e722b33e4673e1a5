import DequeModule
package import NIOCore

/// Which pairs of a name and a password were right or wrong a short time ago, so that not every request costs a hash.
///
/// It has one right pair per user at most. Wrong pairs are remembered only so that a client that repeats one does not
/// keep a core busy: few, and for a few seconds.
package struct PasswordMemory {
    /// What is known about a pair.
    package enum OnRecall: Equatable {
        /// It is the password of this user, until the given time.
        case right(user: Int, until: NIODeadline)
        case wrong(isUser: Bool)
        case unknown
    }

    package static let rightSpan = TimeAmount.minutes(1)
    package static let wrongSpan = TimeAmount.seconds(10)
    package static let mostWrong = 1024

    private var right: [PairDigest: (user: Int, until: NIODeadline)] = [:]
    private var ofUser: [Int: PairDigest] = [:]
    private var wrong: [PairDigest: (isUser: Bool, until: NIODeadline)] = [:]
    /// The wrong pairs, oldest first.
    private var wrongInOrder: Deque<PairDigest> = []

    package init() {}

    /// The number of pairs.
    package var count: Int { self.right.count + self.wrong.count }

    package func recall(_ pair: PairDigest, at now: NIODeadline) -> OnRecall {
        if let known = self.right[pair], now < known.until { return .right(user: known.user, until: known.until) }
        if let known = self.wrong[pair], now < known.until { return .wrong(isUser: known.isUser) }
        return .unknown
    }

    package mutating func remember(_ pair: PairDigest, of user: Int, until: NIODeadline) {
        if let other = self.ofUser.updateValue(pair, forKey: user), other != pair { self.right[other] = nil }
        self.right[pair] = (user, until)
    }

    package mutating func rememberWrong(_ pair: PairDigest, isUser: Bool, at now: NIODeadline) {
        while let oldest = self.wrongInOrder.first, let until = self.wrong[oldest]?.until,
            until <= now || self.wrong.count >= Self.mostWrong
        {
            self.wrongInOrder.removeFirst()
            self.wrong[oldest] = nil
        }
        if self.wrong.updateValue((isUser, now + Self.wrongSpan), forKey: pair) == nil {
            self.wrongInOrder.append(pair)
        }
    }
}
