import GatewayCache
import GatewayCore
import GatewayHTTP
import GatewaySettings
import NIOCore
import Synchronization

/// What all routes and event loops share: the stored responses and the fetches under way.
final class SharedCache: Sendable {
    let store = CacheStore(maxSize: 0)
    let fetches = FetchTable()
    /// Counts purges and invalidations.
    let purges = SharedMeter()
    /// What is shared with other gateways.
    let tiers = KnownTiers()
    let sweeps = CacheSweeps()
    /// The forms in which routes store a URL.
    let forms = Mutex(StoredURLForms())
    /// Random per process, so that clients cannot construct colliding keys.
    let seed = SipHash.Seed.random()
    /// From the monotonic clock to milliseconds since 1970. Read once, so that setting the system clock changes no age.
    private let offset: Int64

    init(at worker: Worker) {
        self.offset = worker.unixMilliseconds - Int64(worker.now.uptimeNanoseconds / 1_000_000)
    }

    /// Milliseconds since 1970 on a clock that never goes back.
    func time(at now: NIODeadline) -> Int64 { Int64(now.uptimeNanoseconds / 1_000_000) + self.offset }
}

extension CachePolicy {
    init(_ config: CacheMiddleware.Config) {
        self.init()
        self.defaultTTL = config.defaultTTL.nanoseconds / 1_000_000
        for (status, time) in config.statusTTL {
            if let status = CacheMiddleware.Config.status(status) {
                self.statusTTL[status] = time.nanoseconds / 1_000_000
            }
        }
        self.overrideTTL = config.overrideTTL.span.map { $0.nanoseconds / 1_000_000 }
        self.heuristic = config.heuristic
        self.targets = config.targets.compactMap { HeaderName(validating: $0) }
        self.ignoresClient = config.ignoreClient
        self.staleWhileRevalidate = config.staleWhileRevalidate.nanoseconds / 1_000_000
        self.staleIfError = config.staleIfError.nanoseconds / 1_000_000
    }
}
