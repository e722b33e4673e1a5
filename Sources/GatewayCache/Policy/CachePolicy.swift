package import GatewayHTTP

/// The settings that decide what is stored and for how long. Times are in milliseconds.
package struct CachePolicy: Hashable, Sendable {
    package var defaultTTL: Int64 = 0
    package var statusTTL: [Int: Int64] = [:]
    package var overrideTTL: Int64?
    package var heuristic = 0.0
    /// The fields that replace `Cache-Control` for this cache (RFC 9213).
    package var targets: [HeaderName] = []
    package var ignoresClient = true
    package var staleWhileRevalidate: Int64 = 0
    package var staleIfError: Int64 = 0

    package init() {}

    package enum Verdict: Sendable {
        /// - Parameter without: Fields that are not stored.
        case store(ResponseLifetime, without: [HeaderName])
        case no(Reason)
    }

    /// Why a response is not stored.
    package enum Reason: Hashable, Sendable {
        case method, status, partial, noStore, isPrivate, vary, credentials, setCookie, noLifetime

        /// A token for `Cache-Status` (RFC 9211 section 2.8).
        package var detail: StaticString {
            switch self {
            case .method: "method"
            case .status, .partial: "status"
            case .noStore: "no-store"
            case .isPrivate: "private"
            case .vary: "vary"
            case .credentials: "credentials"
            case .setCookie: "set-cookie"
            case .noLifetime: "no-lifetime"
            }
        }
    }

    /// Decides about a response (RFC 9111 section 3).
    ///
    /// - Parameters:
    ///   - askedAt: When the request was sent, on a clock that never goes back.
    ///   - receivedAt: When the head was received, on the same clock.
    ///   - date: `receivedAt` as a time of day.
    package func verdict(
        on response: borrowing ResponseHead,
        to request: CacheRequest,
        askedAt: Int64,
        receivedAt: Int64,
        date: Int64
    ) -> Verdict {
        guard request.method == .get else { return .no(.method) }
        let status = response.status
        if status == 206 || status == 304 || status < 200 { return .no(.partial) }
        let (control, isTargeted) = self.control(of: response.headers)
        let override = Self.hasDefault.contains(status) ? self.overrideTTL : nil
        if override == nil {
            // RFC 9111 section 5.2.2.3: with must-understand, no-store is for caches that do not know the status.
            if control.flags.contains(.mustUnderstand) {
                guard Self.isUnderstood(status) else { return .no(.status) }
            } else if control.flags.contains(.noStore) {
                return .no(.noStore)
            }
            if control.flags.contains(.isPrivate) { return .no(.isPrivate) }
        }
        if !Variant.canSelect(by: response.headers) { return .no(.vary) }
        var without = control.namedFields
        if response.headers.contains(.setCookie) {
            if override != nil {
                without.append(HeaderName(.setCookie))
            } else if !control.flags.contains(.isPublic), !without.contains(where: { $0.id == .setCookie }) {
                return .no(.setCookie)
            }
        }
        let allowsCredentials =
            override == nil
            && (!control.flags.isDisjoint(with: [.isPublic, .mustRevalidate]) || control.sMaxAge != nil)
        if request.hasCredentials, !allowsCredentials { return .no(.credentials) }
        guard
            let (lifetime, source) = self.lifetime(of: response, control, isTargeted: isTargeted, override, date: date),
            !request.hasCredentials || source == .upstream || source == .validators
        else { return .no(.noLifetime) }
        var made = ResponseLifetime(
            bornAt: receivedAt - Self.initialAge(response.headers, delay: max(0, receivedAt - askedAt)),
            lifetime: lifetime,
            source: source
        )
        made.allowsCredentials = allowsCredentials && (source == .upstream || source == .validators)
        let forbidsStale =
            override == nil
            && !control.flags.isDisjoint(with: [.noCache, .mustRevalidate, .proxyRevalidate])
        made.isRevalidatedAlways = override == nil && control.flags.contains(.noCache)
        let hasShared = override == nil && control.sMaxAge != nil
        // RFC 9111 section 5.2.2.10: s-maxage implies proxy-revalidate. Its stale windows are the response's own.
        made.mayBeStale = !forbidsStale && !hasShared
        if !forbidsStale {
            // What was never fresh is not reused because of a setting.
            let mayExtend = !hasShared && source != .validators
            made.staleWhileRevalidate =
                control.staleWhileRevalidate.map { $0 * 1000 } ?? (mayExtend ? self.staleWhileRevalidate : 0)
            made.staleIfError = control.staleIfError.map { $0 * 1000 } ?? (hasShared ? 0 : self.staleIfError)
        }
        return .store(made, without: without)
    }

    /// The first valid targeted field (RFC 9213 section 2.2), or else `Cache-Control`.
    private func control(of headers: borrowing HeaderBlock) -> (CacheControl, isTargeted: Bool) {
        for target in self.targets {
            if let control = CacheControl(targeted: target, in: headers) { return (control, true) }
        }
        return (CacheControl(HeaderName(.cacheControl), in: headers) ?? CacheControl(), false)
    }

    private func lifetime(
        of response: borrowing ResponseHead,
        _ control: CacheControl,
        isTargeted: Bool,
        _ override: Int64?,
        date now: Int64
    ) -> (Int64, ResponseLifetime.Source)? {
        if let override { return (override, .override) }
        let status = response.status
        let isAboutRequest = Self.isAboutRequest(status)
        if !isAboutRequest {
            if let seconds = control.sMaxAge ?? control.maxAge { return (seconds * 1000, .upstream) }
            // A targeted field takes the place of Expires too (RFC 9213 section 2.2).
            if !isTargeted, response.headers.contains(.expires) {
                let date = Self.date(.date, in: response.headers, now: now) ?? now / 1000
                let expires = Self.date(.expires, in: response.headers, now: now)
                return (max(0, (expires ?? date) - date) * 1000, .upstream)
            }
        }
        if let time = self.statusTTL[status], time > 0 { return (time, .status) }
        if isAboutRequest { return nil }
        if Self.hasDefault.contains(status), self.defaultTTL > 0 { return (self.defaultTTL, .default) }
        let isHeuristic = Self.isKnown(status) || control.flags.contains(.isPublic)
        if self.heuristic > 0, isHeuristic, let modified = Self.date(.lastModified, in: response.headers, now: now) {
            let date = Self.date(.date, in: response.headers, now: now) ?? now / 1000
            let time = Int64(Double(max(0, date - modified)) * self.heuristic * 1000)
            if time > 0 { return (min(time, 86_400_000), .heuristic) }
        }
        // Nothing says how long, but it can be revalidated.
        let hasValidator = response.headers.contains(.etag) || response.headers.contains(.lastModified)
        return hasValidator && Self.isKnown(status) ? (0, .validators) : nil
    }

    /// The statuses that have `default_ttl`.
    private static let hasDefault: Set<Int> = [200, 203, 204, 300, 301, 308]

    /// The statuses that may be stored without explicit freshness (RFC 9110 section 15.1).
    private static func isKnown(_ status: Int) -> Bool {
        self.hasDefault.contains(status) || [404, 405, 410, 414, 451, 501].contains(status)
    }

    /// The statuses that one odd request may provoke.
    private static func isAboutRequest(_ status: Int) -> Bool {
        switch status {
        case 400, 401, 403, 407, 408, 411...417, 421...431, 501, 505: true
        default: false
        }
    }

    /// The statuses whose rules for caches this cache follows (RFC 9111 section 5.2.2.3).
    private static func isUnderstood(_ status: Int) -> Bool {
        self.isKnown(status) || self.isAboutRequest(status) || [201, 202, 205, 302, 303, 307].contains(status)
            || 500...504 ~= status
    }

    /// RFC 9111 section 4.2.3: `corrected_age_value`.
    private static func initialAge(_ headers: borrowing HeaderBlock, delay: Int64) -> Int64 {
        var age: Int64?
        var isFirst = true
        headers.forEachMember(of: .age) { member in
            if isFirst { age = CacheControl.seconds(Array(member)) }
            isFirst = false
        }
        return (age ?? 0) * 1000 + delay
    }

    /// Seconds since 1970. Nil unless there is one valid date, in which case does not count (RFC 9111 section 4.2).
    private static func date(_ id: FieldID, in headers: borrowing HeaderBlock, now: Int64) -> Int64? {
        guard headers.count(of: id) == 1, let value = headers.first(id) else { return nil }
        return headers.withBytes(value) { HTTPDate.seconds($0, now: now / 1000, ignoringCase: true) }
    }
}
