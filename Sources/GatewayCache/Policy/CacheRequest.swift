package import GatewayHTTP

/// What the cache has to know of a request.
package struct CacheRequest: Hashable, Sendable {
    package let method: Method
    /// Why the cache does not look for the request; nil if it does.
    package let bypass: Bypass?
    /// Whether the request says who its user is.
    package var hasCredentials: Bool
    /// Whether the request has conditions or asks for a part.
    package let asksForPart: Bool
    package let isOnlyIfCached: Bool
    /// The directives of the client that count.
    let control: CacheControl?

    package enum Bypass: Hashable, Sendable {
        case method
        /// Something may make the upstream answer another request than the one that the key describes.
        case override
        case body
        /// The client's `no-store`.
        case client
    }

    package init(_ request: borrowing RequestHead, _ policy: CachePolicy) {
        let headers = RequestFields.present(in: request.headers)
        self.method = request.method
        self.hasCredentials = headers.contains(.authorization) || headers.contains(.cookie)
        self.asksForPart = headers.intersects(RequestFields.ofParts)
        let control =
            headers.contains(.cacheControl) ? CacheControl(HeaderName(.cacheControl), in: request.headers) : nil
        self.isOnlyIfCached = control?.flags.contains(.onlyIfCached) ?? false
        var counting = policy.ignoresClient ? nil : control
        if !policy.ignoresClient, control == nil, request.headers.contains("no-cache", in: .pragma) {
            counting = CacheControl()
            counting?.flags = .noCache
        }
        self.control = counting
        if request.method != .get, request.method != .head {
            self.bypass = .method
        } else if !request.framing.isEmpty {
            self.bypass = .body
        } else if headers.contains(.unknown), RequestFields.hasOverride(request.headers) {
            self.bypass = .override
        } else if counting?.flags.contains(.noStore) == true {
            self.bypass = .client
        } else {
            self.bypass = nil
        }
    }
}

private enum RequestFields {
    static let ofParts: FieldSet = [.range, .ifRange, .ifMatch, .ifNoneMatch, .ifModifiedSince, .ifUnmodifiedSince]

    private static let overrides = [
        "X-Original-URL", "X-Rewrite-URL", "X-Original-Host", "X-Host", "X-HTTP-Method-Override", "X-HTTP-Method",
        "X-Method-Override",
    ].map { HeaderName($0) }

    static func present(in headers: borrowing HeaderBlock) -> FieldSet {
        var present = FieldSet()
        for field in headers.fields { present.insert(field.id) }
        return present
    }

    static func hasOverride(_ headers: borrowing HeaderBlock) -> Bool {
        for name in self.overrides where headers.contains(name) { return true }
        return false
    }
}
