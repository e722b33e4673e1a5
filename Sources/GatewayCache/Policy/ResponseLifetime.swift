/// How long a stored response may be reused. Times are in milliseconds, on a clock that never goes back.
package struct ResponseLifetime: Hashable, Sendable {
    package enum Source: UInt8, Hashable, Sendable {
        case upstream, status, `default`, heuristic, override
        /// Nothing: each use is confirmed by means of the validators.
        case validators
    }

    /// When the response had the age 0.
    package let bornAt: Int64
    package var lifetime: Int64
    /// What says so.
    package let source: Source
    package var staleWhileRevalidate: Int64 = 0
    package var staleIfError: Int64 = 0
    /// Whether each use is confirmed by the upstream first.
    package var isRevalidatedAlways = false
    /// Whether requests with credentials get the response.
    package var allowsCredentials = false

    package init(bornAt: Int64, lifetime: Int64, source: Source) {
        self.bornAt = bornAt
        self.lifetime = lifetime
        self.source = source
    }

    package func age(at now: Int64) -> Int64 { max(0, now - self.bornAt) }

    package func isFresh(at now: Int64) -> Bool { !self.isRevalidatedAlways && self.age(at: now) < self.lifetime }

    package enum Reuse: Hashable, Sendable {
        case fresh
        /// It is stale, and the client accepts that.
        case acceptedStale
        /// It is served, and fetched again meanwhile.
        case staleWhileRevalidate
        case revalidate
        /// It is for other requests.
        case unusable
    }

    package func reuse(by request: CacheRequest, at now: Int64) -> Reuse {
        if request.hasCredentials, !self.allowsCredentials { return .unusable }
        if self.isRevalidatedAlways { return .revalidate }
        let age = self.age(at: now)
        let left = self.lifetime - age
        if let control = request.control {
            if control.flags.contains(.noCache) { return .revalidate }
            if let maxAge = control.maxAge, maxAge == 0 || age > maxAge * 1000 { return .revalidate }
            if let minFresh = control.minFresh, left < minFresh * 1000 { return .revalidate }
            if left <= 0, self.mayBeStale {
                if control.flags.contains(.anyStale) { return .acceptedStale }
                if let maxStale = control.maxStale, -left <= maxStale * 1000 { return .acceptedStale }
            }
        }
        if left > 0 { return .fresh }
        return -left < self.staleWhileRevalidate ? .staleWhileRevalidate : .revalidate
    }

    /// Whether the response may stand in for an error.
    package func mayServeOnError(by request: CacheRequest, at now: Int64) -> Bool {
        if request.hasCredentials, !self.allowsCredentials { return false }
        return !self.isRevalidatedAlways && self.age(at: now) - self.lifetime < self.staleIfError
    }

    /// Whether the upstream allows a client to accept a stale response.
    package var mayBeStale = true
}
