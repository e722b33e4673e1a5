public import GatewayCore
import GatewayHTTP
import GatewaySettings
import NIOCore

/// Sets the fields that restrict what a response may do in browsers, with a nonce for its scripts.
///
/// ```toml
/// [middleware.security_headers]
/// preset = "web"
/// [middleware.security_headers.csp]
/// nonce = "html"
/// ```
///
/// With the preset for APIs, HTML gets no fields that only affect documents unless they are configured. A 304 never has
/// them, because caches would merge them into the stored page.
///
/// Only HTML carries a nonce. A nonce proves that a script came from the upstream, not that it is harmless: injected
/// scripts get it too.
public struct SecurityHeadersMiddleware: RequestHook, ResponseHook {
    public static let name = "security_headers"
    /// The nonce for scripts, if this request has one.
    package static let nonce = ExchangeKey<Nonce?>("security_headers.nonce", initial: nil)

    private let removed: [HeaderName]
    private let override: Bool
    private let fields: SecurityHeaderFields
    private let policies: ContentSecurityPolicyFields
    /// All combinations, by ``index(_:isSecure:)``.
    private let prepared: [PreparedFields]
    private let hsts: [UInt8]?
    private let nonceMode: NonceMode
    private let looksAtType: Bool

    public init(_ config: Config, in context: inout BuildContext) {
        self.override = config.override
        self.nonceMode = config.csp.nonce
        self.removed = SecurityHeadersCheck.names(config.remove, in: &context)
        context.owned.own(response: self.removed)
        SecurityHeadersCheck.values(of: config, in: &context)
        self.hsts = config.mode == .development || config.hsts.isEmpty ? nil : Array(config.hsts.utf8)

        let settings = context.settings?.settings
        func isLeftOffHTML(_ keys: String...) -> Bool {
            var path = SettingPath()
            path.steps = keys.map { .key($0) }
            return config.preset == .api && settings?.node(at: path)?.source ?? .default == .default
        }
        var fields = SecurityHeaderFields()
        for header in config.fields where !header.value.isEmpty {
            fields.append(
                header.name,
                header.value,
                isForDocuments: header.isForDocuments,
                isLeftOffHTML: header.isForDocuments && isLeftOffHTML(header.key)
            )
        }
        self.fields = fields

        var policies = ContentSecurityPolicyFields(reportPath: config.csp.reportPath)
        let written = [("policy", config.csp.policy, false), ("report_only", config.csp.reportOnly, true)]
        for (key, text, isReportOnly) in written where !text.isEmpty {
            guard let policy = SecurityHeadersCheck.policy(text, key, config, in: &context) else { continue }
            policies.append(
                policy,
                text,
                isReportOnly: isReportOnly || config.mode == .development,
                isLeftOffHTML: isLeftOffHTML("csp", key)
            )
        }
        self.policies = policies
        self.prepared = SecurityHeaderScope.allCases.flatMap { scope in
            [false, true].map { isSecure in
                PreparedFields { block in
                    fields.set(on: &block, scope, override: config.override)
                    policies.set(on: &block, nil, scope, isSecure: isSecure, override: config.override)
                }
            }
        }
        self.looksAtType = fields.leavesSomeOffHTML || policies.leavesSomeOffHTML || config.csp.nonce != .off
    }

    public func request(_ exchange: Exchange) -> Decision {
        guard self.nonceMode != .off else { return .next }
        let nonce = Nonce.random()
        exchange[Self.nonce] = nonce
        let isForPage = PageRequest.isForPage(exchange.request.headers)
        // Other requests that may bring HTML keep their conditions, ranges and codings.
        exchange.needsUnencodedResponse = isForPage
        exchange.request.headers.remove(.xCSPNonce)
        exchange.request.headers.add(Self.nonceHeader) { nonce.write(into: &$0) }
        guard isForPage, exchange.request.method == .get || exchange.request.method == .head else { return .next }
        // A page that the client already has, or a part of one, would have a different nonce.
        guard exchange.request.headers.present.intersects(Self.conditions) else { return .next }
        exchange.request.headers.removeAll { _, field in Self.conditions.contains(field.id) }
        return .next
    }

    public func response(_ exchange: Exchange) -> Decision {
        for name in self.removed { exchange.response.headers.remove(name) }
        let isNotModified = exchange.response.status == 304
        let type = self.looksAtType && !isNotModified ? exchange.response.headers.first(.contentType) : nil
        let isHTML = type.map { exchange.response.headers.withBytes($0, HTMLMediaType.isDocument) } ?? false
        let scope: SecurityHeaderScope = isNotModified ? .notModified : isHTML ? .html : .other
        let isSecure = exchange.isSecure
        if let hsts = self.hsts, isSecure { self.setHSTS(hsts, on: exchange) }
        guard self.nonceMode != .off, isHTML, let type else {
            self.setPrepared(on: &exchange.response.headers, scope, isSecure: isSecure)
            return .next
        }
        // The request may have failed before this middleware ran.
        let nonce = exchange[Self.nonce] ?? .random()
        self.set(on: &exchange.response.headers, nonce, scope, isSecure: isSecure)
        Self.forbidStoring(exchange)
        guard self.nonceMode == .html, Self.canBeRewritten(exchange, type) else { return .next }
        exchange.response.headers.removeAll { block, field in
            field.id == .acceptRanges || IntegrityFields.contain(field, in: block)
        }
        return .transform(HTMLNonceTransform(nonce))
    }

    private func setPrepared(on headers: inout HeaderBlock, _ scope: SecurityHeaderScope, isSecure: Bool) {
        let index = Self.index(scope, isSecure: isSecure)
        // Fields that are removed from a 304 are not added to it either.
        let mayTakeOut = scope == .notModified && (self.override || self.policies.namesEndpoint)
        if mayTakeOut || headers.present.intersects(self.prepared[index].names) {
            self.set(on: &headers, nil, scope, isSecure: isSecure)
        } else {
            headers.add(self.prepared[index])
        }
    }

    private static func index(_ scope: SecurityHeaderScope, isSecure: Bool) -> Int {
        scope.rawValue * 2 + (isSecure ? 1 : 0)
    }

    private func set(on headers: inout HeaderBlock, _ nonce: Nonce?, _ scope: SecurityHeaderScope, isSecure: Bool) {
        self.fields.set(on: &headers, scope, override: self.override)
        self.policies.set(on: &headers, nonce, scope, isSecure: isSecure, override: self.override)
    }

    private func setHSTS(_ value: [UInt8], on exchange: Exchange) {
        guard self.override || !exchange.response.headers.contains(.strictTransportSecurity) else { return }
        exchange.response.headers.set(Self.hstsHeader, value)
    }

    /// Anyone who gets the response from a cache would get another response's nonce.
    private static func forbidStoring(_ exchange: Exchange) {
        exchange.response.headers.removeAll { block, field in
            switch field.id {
            case .etag, .lastModified, .cacheControl, .expires: true
            case .unknown: Self.sharedCacheControls.contains { block.matches(field, $0) }
            default: false
            }
        }
        exchange.response.headers.add(Self.cacheControl, "private, no-store")
    }

    /// Encoded bytes are not text, unless the gateway encodes them later. A part of a page may start anywhere.
    private static func canBeRewritten(_ exchange: Exchange, _ type: ByteRange) -> Bool {
        let isText =
            !exchange.response.headers.contains(.contentEncoding) || exchange.responseBody.pipeline?.encodes == true
        return isText && exchange.response.status != 206
            && exchange.response.headers.withBytes(type, HTMLMediaType.isRewritable)
    }

    private static let nonceHeader = HeaderName(.xCSPNonce)
    private static let hstsHeader = HeaderName(.strictTransportSecurity)
    private static let cacheControl = HeaderName(.cacheControl)
    private static let sharedCacheControls = ["CDN-Cache-Control", "Surrogate-Control"].map { HeaderName($0) }
    private static let conditions: FieldSet = [
        .ifMatch, .ifNoneMatch, .ifModifiedSince, .ifUnmodifiedSince, .ifRange, .range,
    ]
}

extension SecurityHeadersMiddleware.Config {
    package struct Header {
        package let key: String
        package let name: String
        package let value: String
        /// Browsers only use it when they show a document.
        var isForDocuments = false
    }

    /// The fields that are the same on every response.
    package var fields: [Header] {
        [
            Header(key: "content_type_options", name: "X-Content-Type-Options", value: self.contentTypeOptions),
            Header(key: "referrer_policy", name: "Referrer-Policy", value: self.referrerPolicy),
            Header(key: "frame_options", name: "X-Frame-Options", value: self.frameOptions, isForDocuments: true),
            Header(
                key: "cross_origin_opener_policy",
                name: "Cross-Origin-Opener-Policy",
                value: self.crossOriginOpenerPolicy,
                isForDocuments: true
            ),
            Header(
                key: "cross_origin_resource_policy",
                name: "Cross-Origin-Resource-Policy",
                value: self.crossOriginResourcePolicy
            ),
            Header(
                key: "cross_origin_embedder_policy",
                name: "Cross-Origin-Embedder-Policy",
                value: self.crossOriginEmbedderPolicy,
                isForDocuments: true
            ),
            Header(
                key: "permissions_policy",
                name: "Permissions-Policy",
                value: self.permissionsPolicy,
                isForDocuments: true
            ),
            Header(key: "xss_protection", name: "X-XSS-Protection", value: self.xssProtection),
        ]
    }
}
