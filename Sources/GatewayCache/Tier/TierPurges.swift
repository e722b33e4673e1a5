import DequeModule

/// Keeps one gateway's view of the purges that all gateways share, and says what may be read from the second tier.
///
/// Purges are in a stream of bounded length, in the order that Redis gave them, and are published on a channel. A gateway that
/// was cut off reads the stream from where it was. Values carry the last purge that was known when their request was sent
/// (``seen``), so nothing in Redis has to be searched or deleted: a value that is older than a matching purge is a miss.
package struct TierPurges: Sendable {
    /// The length of the stream. A gateway that misses more purges than this starts again with an empty memory.
    package static let streamLength = 10_000
    /// The number of entries that are read from the stream at once.
    package static let pageLength = 1000
    /// The number of purges that may wait for Redis. If there are more, one purge of everything replaces them.
    package static let maximumWaiting = 1000

    enum Phase {
        /// The channel is not subscribed. → reading
        case away
        /// Subscribed, and reading the purges that were missed. → reporting, ready, away
        case reading
        /// No purge was missed, and those that were made here meanwhile are on their way. → ready, reading, away
        case reporting
        /// → reading, away
        case ready
    }

    private struct Waiting {
        let number: UInt64
        let purge: Purge
        var isSent = false
    }

    /// Tells the purges of this gateway from those of others.
    package let gateway: UInt64
    private var phase = Phase.away
    private var log = TierPurgeLog()
    /// All purges up to this one are known.
    package private(set) var seen = TierStamp.none
    /// The newest entry that was seen in the stream. While it is there, nothing behind it was trimmed.
    private var anchor = TierStamp.none
    private var waiting: Deque<Waiting> = []
    private var lastNumber: UInt64 = 0
    /// The purges up to this number were replaced by one of everything.
    /// The purge of everything that replaced all before it, if there was one.
    private var replacement: UInt64 = 0

    /// - Parameter gateway: A random number.
    package init(gateway: UInt64) { self.gateway = gateway }

    /// Whether values may be read from the tier.
    package var isReady: Bool { if case .ready = self.phase { true } else { false } }

    /// Whether Redis cannot be reached.
    package var isAway: Bool { if case .away = self.phase { true } else { false } }

    /// The number of purges that Redis has not confirmed.
    package var unconfirmed: Int { self.waiting.count }
}

// MARK: Values

extension TierPurges {
    package enum Standing: Hashable, Sendable {
        case valid
        /// A soft purge made it stale.
        case stale
        case purged
    }

    /// Judges a value that was read from the tier.
    package func standing(of value: StoredValue.Response) -> Standing {
        guard self.isReady else { return .purged }
        var standing = self.log.standing(of: value)
        for entry in self.waiting where standing != .purged {
            guard entry.purge.matches(url: value.url, route: value.route, tags: value.tags) else { continue }
            standing = entry.purge.isSoft ? .stale : .purged
        }
        return standing
    }
}

// MARK: Purges of this gateway

extension TierPurges {
    /// A purge to add to the stream.
    package struct Report: Hashable, Sendable {
        package let number: UInt64
        package let entry: TierEntry
        /// Its stamp must be greater, even if the server's clock went back.
        package let after: TierStamp
    }

    /// Takes a purge that was made here. ``nextReport()`` returns it, now or once Redis is back.
    ///
    /// - Returns: Its number, for ``isWaiting(_:)``.
    @discardableResult
    package mutating func purge(_ purge: Purge) -> UInt64 {
        if let same = self.waiting.first(where: { !$0.isSent && $0.purge == purge }) { return same.number }
        var purge = purge
        let isFull = self.waiting.count >= Self.maximumWaiting
        if isFull {
            let isSoft = purge.isSoft && self.waiting.allSatisfy(\.purge.isSoft)
            purge = Purge(.all, isSoft: isSoft)
            self.waiting.removeAll()
        }
        self.lastNumber += 1
        self.waiting.append(Waiting(number: self.lastNumber, purge: purge))
        if isFull { self.replacement = self.lastNumber }
        return self.lastNumber
    }

    /// Whether Redis has not confirmed a purge, or the one that replaced it.
    package func isWaiting(_ number: UInt64) -> Bool {
        let number = max(number, self.replacement)
        return self.waiting.contains { $0.number == number }
    }

    /// Returns the next purge to send, or nil if there is none, or missed purges have to be read first.
    package mutating func nextReport() -> Report? {
        switch self.phase {
        case .away, .reading: return nil
        case .reporting, .ready: break
        }
        guard let index = self.waiting.firstIndex(where: { !$0.isSent }) else { return nil }
        self.waiting[index].isSent = true
        let entry = TierEntry(gateway: self.gateway, content: .purge(self.waiting[index].purge))
        return Report(number: self.waiting[index].number, entry: entry, after: self.seen)
    }

    package enum OnReply: Hashable, Sendable {
        case none
        /// Others have made purges that have not arrived.
        case read
    }

    /// Redis has added a purge of this gateway.
    ///
    /// - Parameter previous: The entry before it.
    package mutating func added(_ number: UInt64, at stamp: TierStamp, after previous: TierStamp) -> OnReply {
        if let index = self.waiting.firstIndex(where: { $0.number == number }) {
            self.log.insert(self.waiting[index].purge, at: stamp)
            self.waiting.remove(at: index)
        }
        if case .reporting = self.phase, self.waiting.isEmpty { self.phase = .ready }
        return self.advance(to: stamp, after: previous)
    }

    /// A purge was not confirmed. It is sent again after what was missed has been read: twice does no harm.
    package mutating func failed(_ number: UInt64) -> OnReply {
        guard let index = self.waiting.firstIndex(where: { $0.number == number }) else { return .none }
        self.waiting[index].isSent = false
        return self.lose()
    }

    private mutating func advance(to stamp: TierStamp, after previous: TierStamp) -> OnReply {
        guard stamp > self.seen else { return .none }
        // A stream that was empty before lost its entries while nothing was missed.
        guard previous == self.seen || previous == .none && self.isReady else { return .read }
        self.seen = stamp
        self.anchor = stamp
        return .none
    }

    private mutating func lose() -> OnReply {
        if case .away = self.phase { return .none }
        self.phase = .reading
        return .read
    }
}

// MARK: Purges of others

extension TierPurges {
    /// The channel is subscribed. Next is to read the stream.
    package mutating func connected() { self.phase = .reading }

    package mutating func disconnected() { self.phase = .away }

    package enum OnMessage: Hashable, Sendable {
        case none
        /// To apply to the memory tier.
        case purge(Purge)
        /// The same, and purges before it have not arrived.
        case purgeAndRead(Purge)
        case read
    }

    /// A purge arrived on the channel.
    package mutating func received(_ entry: TierEntry, at stamp: TierStamp, after previous: TierStamp) -> OnMessage {
        guard stamp > self.seen else { return .none }
        if let purge = entry.purge { self.log.insert(purge, at: stamp) }
        let isComplete = self.advance(to: stamp, after: previous) == .none
        guard let purge = entry.purge, entry.gateway != self.gateway else { return isComplete ? .none : .read }
        return isComplete ? .purge(purge) : .purgeAndRead(purge)
    }

    /// Where to read the stream from: the last known entry, which shows that nothing was trimmed, or nil for its beginning.
    package var readFrom: TierStamp? { self.anchor == .none ? nil : self.anchor }

    package struct OnRead: Hashable, Sendable {
        /// To apply to the memory tier.
        package var purges: [Purge] = []
        /// Missed purges are no longer there, so nothing in memory may be kept.
        package var isMemoryLost = false
        package var next: Next
    }

    package enum Next: Hashable, Sendable {
        case done
        case readOn
        /// The stream is empty: begin it with an entry of this stamp (nil: of the server's time), then read again.
        case begin(at: TierStamp?)
    }

    /// The part of the stream from `readFrom` on was read.
    package mutating func read(_ entries: [(stamp: TierStamp, entry: TierEntry)], from start: TierStamp?) -> OnRead {
        guard start == self.readFrom else { return OnRead(next: .readOn) }
        let isCutOff = !self.isReady && self.seen != .none
        guard let first = entries.first else {
            // Lost, along with the values: or never begun. Values that know all purges so far remain valid.
            let isMemoryLost = isCutOff && self.anchor != .none
            self.anchor = .none
            return OnRead(isMemoryLost: isMemoryLost, next: .begin(at: self.seen == .none ? nil : self.seen))
        }
        var result = OnRead(next: entries.count < Self.pageLength ? .done : .readOn)
        if first.stamp != start {
            result.isMemoryLost = isCutOff && start != nil
            self.log.raiseFloor(to: first.stamp)
        }
        var applied: Set<Purge> = []
        for (stamp, entry) in entries where stamp > self.seen {
            if let purge = entry.purge {
                self.log.insert(purge, at: stamp)
                if entry.gateway != self.gateway, applied.insert(purge).inserted { result.purges.append(purge) }
            }
            self.seen = stamp
        }
        if let last = entries.last { self.anchor = last.stamp }
        if case .reading = self.phase, result.next == .done { self.phase = self.waiting.isEmpty ? .ready : .reporting }
        return result
    }

    /// The stream could not be read, or not be begun.
    package mutating func failedToRead() { _ = self.lose() }
}
