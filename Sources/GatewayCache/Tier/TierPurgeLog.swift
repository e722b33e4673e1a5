import DequeModule

/// The purges in the stream that all gateways share, by what they purge: to ask whether one of them concerns a value.
///
/// It remembers a bounded number. Values that are older than what it remembers count as purged.
struct TierPurgeLog: Sendable {
    /// Twice the length of the stream, since several gateways may know more than it holds.
    static let maximumCount = 2 * TierPurges.streamLength

    /// The newest purges of one subject.
    private struct Stamps {
        var hard = TierStamp.none
        var soft = TierStamp.none

        mutating func insert(_ stamp: TierStamp, isSoft: Bool) {
            if isSoft { self.soft = max(self.soft, stamp) } else { self.hard = max(self.hard, stamp) }
        }
    }

    private var stamps: [Purge.Subject: Stamps] = [:]
    private var prefixes: [String: Stamps] = [:]
    /// In the order of arrival, to forget the oldest.
    private var order: Deque<(purge: Purge, stamp: TierStamp)> = []
    private(set) var floor = TierStamp.none

    var count: Int { self.order.count }

    mutating func insert(_ purge: Purge, at stamp: TierStamp) {
        switch purge.subject {
        case .prefix(let prefix): self.prefixes[prefix, default: Stamps()].insert(stamp, isSoft: purge.isSoft)
        case .all, .route, .tag, .url: self.stamps[purge.subject, default: Stamps()].insert(stamp, isSoft: purge.isSoft)
        }
        self.order.append((purge, stamp))
        if self.order.count > Self.maximumCount { self.forgetOldest() }
    }

    /// Lets all values count as purged that do not know this stamp.
    mutating func raiseFloor(to stamp: TierStamp) { self.floor = max(self.floor, stamp) }

    private mutating func forgetOldest() {
        guard let (purge, stamp) = self.order.popFirst() else { return }
        self.raiseFloor(to: stamp)
        switch purge.subject {
        case .prefix(let prefix):
            if let kept = self.prefixes[prefix], max(kept.hard, kept.soft) <= self.floor { self.prefixes[prefix] = nil }
        case .all, .route, .tag, .url:
            if let kept = self.stamps[purge.subject], max(kept.hard, kept.soft) <= self.floor {
                self.stamps[purge.subject] = nil
            }
        }
    }

    /// Judges a value by the purges after the one that it knows.
    func standing(of value: StoredValue.Response) -> TierPurges.Standing {
        guard value.seen >= self.floor else { return .purged }
        var newest = Stamps()
        func consider(_ stamps: Stamps?) {
            guard let stamps else { return }
            newest.hard = max(newest.hard, stamps.hard)
            newest.soft = max(newest.soft, stamps.soft)
        }
        consider(self.stamps[.all])
        consider(self.stamps[.route(value.route)])
        consider(self.stamps[.url(value.url)])
        for tag in value.tags { consider(self.stamps[.tag(tag)]) }
        for (prefix, stamps) in self.prefixes where value.url.utf8.starts(with: prefix.utf8) { consider(stamps) }
        if newest.hard > value.seen { return .purged }
        return newest.soft > value.seen ? .stale : .valid
    }
}
