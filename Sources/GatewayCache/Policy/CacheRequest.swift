package import GatewayHTTP

/// What the cache has to know of a request.
package struct CacheRequest: Hashable, Sendable {
    package private(set) var method: Method
    /// Why the cache does not look for the request; nil if it does.
    package let bypass: Bypass?
    /// Whether the request says who its user is.
    package var hasCredentials: Bool
    /// Whether the request has conditions or asks for a part.
    package let asksForPart: Bool
    package let isOnlyIfCached: Bool
    /// The directives of the client that count.
    let control: CacheControl?

    /// The same for GET, whose stored responses a response to HEAD is about too.
    package var asGet: CacheRequest {
        var request = self
        request.method = .get
        return request
    }

    package enum Bypass: Hashable, Sendable {
        case method
        /// Something may make the upstream answer another request than the one that the key describes.
        case override
        case body
        /// The client's `no-store`.
        case client

        /// A token for `Cache-Status` (RFC 9211 section 2.8). Nil: the reason for forwarding says it.
        package var detail: StaticString? {
            switch self {
            case .method: nil
            case .override: "override-field"
            case .body: "body"
            case .client: "no-store"
            }
        }
    }

    /// - Parameter accepted: Fields that say who the user is, but are part of the key already.
    package init(_ request: borrowing RequestHead, ignoresClient: Bool, accepted: FieldSet = []) {
        let (headers, hasOverride) = RequestFields.present(in: request.headers)
        self.method = request.method
        self.hasCredentials = headers.intersects(RequestFields.ofUsers.subtracting(accepted))
        self.asksForPart = headers.intersects(RequestFields.ofParts)
        if ignoresClient {
            self.isOnlyIfCached =
                headers.contains(.cacheControl) && request.headers.contains("only-if-cached", in: .cacheControl)
            self.control = nil
        } else {
            var control =
                headers.contains(.cacheControl) ? CacheControl(HeaderName(.cacheControl), in: request.headers) : nil
            self.isOnlyIfCached = control?.flags.contains(.onlyIfCached) ?? false
            // RFC 9111 section 5.4
            if control == nil, request.headers.contains("no-cache", in: .pragma) {
                control = CacheControl()
                control?.flags = .noCache
            }
            self.control = control
        }
        if request.method != .get, request.method != .head {
            self.bypass = .method
        } else if RequestFields.hasBody(request) {
            self.bypass = .body
        } else if hasOverride {
            self.bypass = .override
        } else if self.control?.flags.contains(.noStore) == true {
            self.bypass = .client
        } else {
            self.bypass = nil
        }
    }
}

private enum RequestFields {
    static let ofParts: FieldSet = [.range, .ifRange, .ifMatch, .ifNoneMatch, .ifModifiedSince, .ifUnmodifiedSince]

    /// What says who the user is: also the certificate that the gateway has verified (RFC 9440).
    static let ofUsers: FieldSet = [.authorization, .cookie, .clientCert]

    private static let overrides: [StaticString] = [
        "X-Original-URL", "X-Rewrite-URL", "X-Original-Host", "X-Host", "X-HTTP-Method-Override", "X-HTTP-Method",
        "X-Method-Override",
    ]

    /// The fields that are there now, and whether one of them may make the upstream answer another request.
    static func present(in headers: borrowing HeaderBlock) -> (FieldSet, hasOverride: Bool) {
        var present = FieldSet()
        var hasOverride = false
        for field in headers.fields {
            present.insert(field.id)
            guard field.id == .unknown, 6...22 ~= field.name.count else { continue }
            hasOverride = hasOverride || headers.withBytes(field.name, self.isOverride)
        }
        return (present, hasOverride)
    }

    private static func isOverride(_ name: UnsafeRawBufferPointer) -> Bool {
        guard name[0] | 0x20 == UInt8(ascii: "x"), name[1] == UInt8(ascii: "-") else { return false }
        for override in self.overrides where ByteClass.equalsIgnoringCase(name, UnsafeRawBufferPointer(override)) {
            return true
        }
        return false
    }

    static func hasBody(_ request: borrowing RequestHead) -> Bool {
        switch request.framing {
        case .none, .length(0): false
        default: true
        }
    }
}
