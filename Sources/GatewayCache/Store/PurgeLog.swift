import DequeModule

/// The latest purges of a store, by what they purge: to ask whether one of them concerns a response whose request was sent
/// before it.
///
/// It remembers a bounded number. What was asked for before the oldest of them counts as purged.
struct PurgeLog: Sendable {
    static let maximumCount = 4096

    private var stamps: [Purge.Subject: PurgeStamp] = [:]
    private var prefixes: [String: PurgeStamp] = [:]
    /// In the order in which they were made, to forget the oldest.
    private var order: Deque<(subject: Purge.Subject, stamp: PurgeStamp)> = []
    private(set) var newest = PurgeStamp.none
    /// What was asked for before counts as purged.
    private(set) var floor = PurgeStamp.none

    /// The purges that have not been through the whole store yet, so it may hold responses that they concern.
    private var sweeps: [(purge: Purge, stamp: PurgeStamp)] = []

    var count: Int { self.order.count }

    /// The newest purge that has not been through the whole store yet.
    var newestSweep: PurgeStamp { self.sweeps.last?.stamp ?? .none }

    /// Adds a purge, and returns its stamp.
    mutating func insert(_ purge: Purge, isSwept: Bool = false) -> PurgeStamp {
        self.newest = PurgeStamp(rawValue: self.newest.rawValue + 1)
        switch purge.subject {
        case .prefix(let prefix): self.prefixes[prefix] = self.newest
        case .all, .route, .tag, .url: self.stamps[purge.subject] = self.newest
        }
        self.order.append((purge.subject, self.newest))
        if isSwept { self.sweeps.append((purge, self.newest)) }
        if self.order.count > Self.maximumCount { self.forgetOldest() }
        return self.newest
    }

    /// A purge has been through the whole store.
    mutating func endSweep(_ stamp: PurgeStamp) { self.sweeps.removeAll { $0.stamp == stamp } }

    private mutating func forgetOldest() {
        guard let (subject, stamp) = self.order.popFirst() else { return }
        self.floor = stamp
        switch subject {
        case .prefix(let prefix): if self.prefixes[prefix] == stamp { self.prefixes[prefix] = nil }
        case .all, .route, .tag, .url: if self.stamps[subject] == stamp { self.stamps[subject] = nil }
        }
    }

    /// Whether a response was asked for before a purge of it, soft or hard.
    func concerns(_ response: StoredResponse) -> Bool {
        self.concerns(url: response.url, route: response.route, tags: response.tags, askedAt: response.askedAt)
    }

    func concerns(url: String, route: String, tags: [String], askedAt: PurgeStamp) -> Bool {
        guard askedAt < self.newest else { return false }
        guard askedAt >= self.floor else { return true }
        func isPurged(_ stamp: PurgeStamp?) -> Bool { stamp.map { askedAt < $0 } ?? false }
        if isPurged(self.stamps[.all]) || isPurged(self.stamps[.route(route)]) { return true }
        if isPurged(self.stamps[.url(url)]) || tags.contains(where: { isPurged(self.stamps[.tag($0)]) }) { return true }
        return self.prefixes.contains { isPurged($0.value) && url.utf8.starts(with: $0.key.utf8) }
    }

    enum Standing: Hashable, Sendable {
        case valid, stale, purged
    }

    /// What the purges that are under way mean for a stored response.
    func standing(of response: StoredResponse) -> Standing {
        var standing = Standing.valid
        for (purge, stamp) in self.sweeps where response.askedAt < stamp {
            guard purge.matches(response) else { continue }
            guard purge.isSoft else { return .purged }
            standing = .stale
        }
        return standing
    }
}
