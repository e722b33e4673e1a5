/// The fields that the gateway itself reads or writes. They are recognized once, when a head is parsed, so that names
/// need not be compared again.
package enum FieldID: UInt8, CaseIterable, Sendable {
    case unknown
    case accept, acceptEncoding, acceptRanges, accessControlRequestHeaders, accessControlRequestMethod, age, allow
    case authorization, baggage, cacheControl, clientCert, clientCertChain, connection, contentDisposition,
        contentEncoding, contentLength
    case contentLocation, contentRange, contentSecurityPolicy, contentSecurityPolicyReportOnly, contentType, cookie
    case crossOriginEmbedderPolicy, crossOriginOpenerPolicy, crossOriginResourcePolicy, date, etag, expect, expires
    case forwarded, host, http2Settings, ifMatch, ifModifiedSince, ifNoneMatch, ifRange, ifUnmodifiedSince, keepAlive
    case lastModified, location, maxForwards, origin, permissionsPolicy, pragma, proxyAuthenticate, proxyAuthorization
    case proxyConnection, proxyStatus, range, rateLimit, rateLimitPolicy, referer, referrerPolicy, reportingEndpoints
    case retryAfter, secFetchSite, secWebSocketKey, server, serverTiming, setCookie, strictTransportSecurity, te
    case traceparent, tracestate, trailer, transferEncoding, upgrade, userAgent, vary, via, wwwAuthenticate
    case xContentTypeOptions, xCSPNonce, xForwardedFor, xForwardedHost, xForwardedPort, xForwardedProto, xFrameOptions
    case xGatewayMirror
    case xPoweredBy, xRateLimitLimit, xRateLimitRemaining, xRateLimitReset, xRealIP, xRequestID, xRequestTimeoutMS
    case xXSSProtection

    /// The field's name in its usual spelling.
    package var name: StaticString {
        switch self {
        case .unknown: ""
        case .accept: "Accept"
        case .acceptEncoding: "Accept-Encoding"
        case .acceptRanges: "Accept-Ranges"
        case .accessControlRequestHeaders: "Access-Control-Request-Headers"
        case .accessControlRequestMethod: "Access-Control-Request-Method"
        case .age: "Age"
        case .allow: "Allow"
        case .authorization: "Authorization"
        case .baggage: "baggage"
        case .cacheControl: "Cache-Control"
        case .clientCert: "Client-Cert"
        case .clientCertChain: "Client-Cert-Chain"
        case .connection: "Connection"
        case .contentDisposition: "Content-Disposition"
        case .contentEncoding: "Content-Encoding"
        case .contentLength: "Content-Length"
        case .contentLocation: "Content-Location"
        case .contentRange: "Content-Range"
        case .contentSecurityPolicy: "Content-Security-Policy"
        case .contentSecurityPolicyReportOnly: "Content-Security-Policy-Report-Only"
        case .contentType: "Content-Type"
        case .cookie: "Cookie"
        case .crossOriginEmbedderPolicy: "Cross-Origin-Embedder-Policy"
        case .crossOriginOpenerPolicy: "Cross-Origin-Opener-Policy"
        case .crossOriginResourcePolicy: "Cross-Origin-Resource-Policy"
        case .date: "Date"
        case .etag: "ETag"
        case .expect: "Expect"
        case .expires: "Expires"
        case .forwarded: "Forwarded"
        case .host: "Host"
        case .http2Settings: "HTTP2-Settings"
        case .ifMatch: "If-Match"
        case .ifModifiedSince: "If-Modified-Since"
        case .ifNoneMatch: "If-None-Match"
        case .ifRange: "If-Range"
        case .ifUnmodifiedSince: "If-Unmodified-Since"
        case .keepAlive: "Keep-Alive"
        case .lastModified: "Last-Modified"
        case .location: "Location"
        case .maxForwards: "Max-Forwards"
        case .origin: "Origin"
        case .permissionsPolicy: "Permissions-Policy"
        case .pragma: "Pragma"
        case .proxyAuthenticate: "Proxy-Authenticate"
        case .proxyAuthorization: "Proxy-Authorization"
        case .proxyConnection: "Proxy-Connection"
        case .proxyStatus: "Proxy-Status"
        case .range: "Range"
        case .rateLimit: "RateLimit"
        case .rateLimitPolicy: "RateLimit-Policy"
        case .referer: "Referer"
        case .referrerPolicy: "Referrer-Policy"
        case .reportingEndpoints: "Reporting-Endpoints"
        case .retryAfter: "Retry-After"
        case .secFetchSite: "Sec-Fetch-Site"
        case .secWebSocketKey: "Sec-WebSocket-Key"
        case .server: "Server"
        case .serverTiming: "Server-Timing"
        case .setCookie: "Set-Cookie"
        case .strictTransportSecurity: "Strict-Transport-Security"
        case .te: "TE"
        case .traceparent: "traceparent"
        case .tracestate: "tracestate"
        case .trailer: "Trailer"
        case .transferEncoding: "Transfer-Encoding"
        case .upgrade: "Upgrade"
        case .userAgent: "User-Agent"
        case .vary: "Vary"
        case .via: "Via"
        case .wwwAuthenticate: "WWW-Authenticate"
        case .xContentTypeOptions: "X-Content-Type-Options"
        case .xCSPNonce: "X-CSP-Nonce"
        case .xForwardedFor: "X-Forwarded-For"
        case .xForwardedHost: "X-Forwarded-Host"
        case .xForwardedPort: "X-Forwarded-Port"
        case .xForwardedProto: "X-Forwarded-Proto"
        case .xFrameOptions: "X-Frame-Options"
        case .xGatewayMirror: "X-Gateway-Mirror"
        case .xPoweredBy: "X-Powered-By"
        case .xRateLimitLimit: "X-RateLimit-Limit"
        case .xRateLimitRemaining: "X-RateLimit-Remaining"
        case .xRateLimitReset: "X-RateLimit-Reset"
        case .xRealIP: "X-Real-IP"
        case .xRequestID: "X-Request-ID"
        case .xRequestTimeoutMS: "X-Request-Timeout-Ms"
        case .xXSSProtection: "X-XSS-Protection"
        }
    }

    /// Whether the field is hop-by-hop, even if `Connection` does not list it (RFC 9110 section 7.6.1).
    package var isHopByHop: Bool {
        switch self {
        case .connection, .keepAlive, .proxyConnection, .te, .trailer, .transferEncoding, .upgrade, .http2Settings,
            .proxyAuthenticate, .proxyAuthorization:
            true
        default: false
        }
    }
}

/// Maps names to `FieldID`, in a hash table with open addressing.
package struct FieldTable: Sendable {
    package static let shared = FieldTable()
    private let slots: [FieldID]

    private init() {
        var slots = [FieldID](repeating: .unknown, count: 256)
        for id in FieldID.allCases where id != .unknown {
            var slot = Self.slot(of: UnsafeRawBufferPointer(id.name))
            while slots[slot] != .unknown { slot = (slot + 1) & 255 }
            slots[slot] = id
        }
        self.slots = slots
    }

    /// Returns the slot for the length and three characters of a name, without regard to case. The factor was found
    /// by search. With it, only names that agree in all four share a slot: X-Forwarded-Host and -Port,
    /// X-RateLimit-Limit and -Reset.
    private static func slot(of name: UnsafeRawBufferPointer) -> Int {
        guard let first = name.first, let last = name.last else { return 0 }
        let middle = name[name.count / 2]
        let letters = UInt32(first) | UInt32(middle) << 8 | UInt32(last) << 16 | 0x20_2020
        let length = UInt32(truncatingIfNeeded: name.count) << 24
        return Int(((letters | length) &* 0x76B9_242D) >> 24)
    }

    package func id(of name: UnsafeRawBufferPointer) -> FieldID {
        var slot = Self.slot(of: name)
        while true {
            let id = self.slots[slot]
            if id == .unknown || ByteClass.equalsIgnoringCase(UnsafeRawBufferPointer(id.name), name) { return id }
            slot = (slot + 1) & 255
        }
    }
}

extension FieldID {
    /// Returns the field that a name with underscores denotes to a server that reads underscores as hyphens, as CGI
    /// does (RFC 3875 section 4.1.18). Unknown for a name without underscores.
    package static func resembled(by name: UnsafeRawBufferPointer) -> FieldID {
        guard name.count <= Self.longestName, name.contains(UInt8(ascii: "_")) else { return .unknown }
        return withUnsafeTemporaryAllocation(byteCount: name.count, alignment: 1) { copy in
            for index in 0..<name.count {
                copy[index] = name[index] == UInt8(ascii: "_") ? UInt8(ascii: "-") : name[index]
            }
            return FieldTable.shared.id(of: UnsafeRawBufferPointer(copy))
        }
    }

    private static let longestName = FieldID.allCases.reduce(0) { max($0, $1.name.utf8CodeUnitCount) }
}

extension UnsafeRawBufferPointer {
    /// The bytes of a literal, which are valid for the lifetime of the program.
    package init(_ literal: StaticString) {
        self.init(start: UnsafeRawPointer(literal.utf8Start), count: literal.utf8CodeUnitCount)
    }
}
