import GatewayCore
import GatewaySettings
import NIOCore

/// The requests that the service has accepted recently. All are remembered for the same time, so the oldest is the first
/// to go.
struct ForwardCache {
    struct Key: Hashable {
        let first: UInt64
        let second: UInt64
    }

    private struct Entry {
        let grant: ForwardGrant
        let end: NIODeadline
    }

    private let lifetime: TimeAmount
    private let maxCount: Int
    private let maxBytes: Int
    private var entries: [Key: Entry] = [:]
    /// The keys in the order in which they were remembered, from ``first`` on. One that was remembered again is there
    /// twice.
    private var order: [(key: Key, end: NIODeadline)] = []
    private var first = 0
    private(set) var bytes = 0

    init(lifetime: TimeAmount, maxCount: Int = 10_000, maxBytes: Int = 8 << 20) {
        self.lifetime = lifetime
        self.maxCount = maxCount
        self.maxBytes = maxBytes
    }

    var count: Int { self.entries.count }

    func grant(for key: Key, at now: NIODeadline) -> ForwardGrant? {
        guard let entry = self.entries[key], entry.end > now else { return nil }
        return entry.grant
    }

    mutating func remember(_ grant: ForwardGrant, for key: Key, at now: NIODeadline) {
        let end = now + self.lifetime
        if let known = self.entries.updateValue(Entry(grant: grant, end: end), forKey: key) {
            self.bytes -= known.grant.size
        }
        self.bytes += grant.size
        self.order.append((key, end))
        while let oldest = self.oldest, oldest.end <= now || self.isFull { self.forget(oldest) }
    }

    private var oldest: (key: Key, end: NIODeadline)? { self.first < self.order.count ? self.order[self.first] : nil }

    private var isFull: Bool {
        self.order.count - self.first > self.maxCount || self.bytes > self.maxBytes
    }

    private mutating func forget(_ oldest: (key: Key, end: NIODeadline)) {
        self.first += 1
        if let entry = self.entries[oldest.key], entry.end == oldest.end {
            self.entries[oldest.key] = nil
            self.bytes -= entry.grant.size
        }
        guard self.first >= 1024, self.first * 2 >= self.order.count else { return }
        self.order.removeFirst(self.first)
        self.first = 0
    }
}

/// The cache of one worker, which its routes share and which survives a reload.
final class ForwardCacheOfWorker {
    let seed = SipHash.Seed.random()
    private var cache: ForwardCache

    private init(lifetime: TimeAmount) { self.cache = ForwardCache(lifetime: lifetime) }

    static func of(_ settings: ForwardAuthConfiguration, in context: BuildContext) -> ForwardCacheOfWorker {
        let eventLoop = context.worker.eventLoop
        // Other settings get other answers.
        let box = context.shared("forward.\(context.worker.index).\(settings)") {
            NIOLoopBoundBox(
                ForwardCacheOfWorker(lifetime: TimeAmount(settings.cache)),
                eventLoop: eventLoop
            )
        }
        return box.value
    }

    func grant(for key: ForwardCache.Key, at now: NIODeadline) -> ForwardGrant? { self.cache.grant(for: key, at: now) }

    func remember(_ grant: ForwardGrant, for key: ForwardCache.Key, at now: NIODeadline) {
        self.cache.remember(grant, for: key, at: now)
    }
}

@available(*, unavailable)
extension ForwardCacheOfWorker: Sendable {}
