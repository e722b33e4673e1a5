import GatewayCore
import GatewayHTTP
import NIOCore

/// What the service learns about a request.
struct ForwardRequest {
    private static let method = HeaderName("X-Forwarded-Method")
    private static let uri = HeaderName("X-Forwarded-Uri")
    private static let host = HeaderName(.xForwardedHost)
    private static let proto = HeaderName(.xForwardedProto)
    private static let client = HeaderName(.xForwardedFor)
    private static let trace = HeaderName(.traceparent)

    /// The names of the fields that are copied.
    private let copied: [HeaderName]
    private let copiesAuthorization: Bool

    init(copying names: [HeaderName]) {
        self.copied = names
        self.copiesAuthorization = names.contains { $0.id == .authorization }
    }

    func hasTwoCredentials(_ exchange: Exchange) -> Bool {
        self.copiesAuthorization && exchange.request.headers.contains(.authorization)
            && exchange.request.headers.count(of: .authorization) > 1
    }

    /// - Parameter span: The span that the service's own spans are below.
    func fields(of exchange: Exchange, span: UInt64) -> PreparedFields {
        PreparedFields(room: exchange.request.headers.bytes.readableBytes + 128) { fields in
            exchange.request.headers.withBytes(exchange.request.methodName) { fields.add(Self.method, $0) }
            fields.add(Self.uri, room: exchange.request.headers.bytes.readableBytes + 2) { output in
                Self.writeURI(of: exchange, into: &output)
            }
            let host = exchange.clientHost
            if !host.isEmpty { exchange.request.headers.withBytes(host) { fields.add(Self.host, $0) } }
            fields.add(Self.proto, exchange.isSecure ? "https" : "http")
            fields.add(Self.client, exchange.clientAddress.text)
            if exchange.trace.isSampled, !self.copied.contains(Self.trace) {
                fields.add(Self.trace) { $0.write(exchange.trace.own.span(span)) }
            }
            for name in self.copied {
                for field in exchange.request.headers.fields where exchange.request.headers.matches(field, name) {
                    exchange.request.headers.withBytes(field.value) { fields.add(name, $0) }
                }
            }
        }
    }

    /// Writes the path that was routed, which is the one that the upstream receives unless the route changes it. What the
    /// client wrote could mean another path, such as `/public/../admin`.
    private static func writeURI(of exchange: Exchange, into output: inout HeadWriter) {
        let path = exchange.plan.forwarding.sendsOriginalPath ? exchange.rawPath : exchange.path
        if path.isEmpty { output.write(UInt8(ascii: "/")) }
        output.write(path, of: exchange.request.headers)
        // An empty query differs from no query (RFC 3986 section 6.2.3). The offset of a query is never 0.
        guard exchange.query.offset > 0 else { return }
        output.write(UInt8(ascii: "?"))
        output.write(exchange.query, of: exchange.request.headers)
    }

    /// Returns a digest of all that the service would learn, so that a response counts only for the same question.
    func key(of exchange: Exchange, seed: SipHash.Seed) -> ForwardCache.Key {
        var hash = SipHash(seed: seed)
        let path = exchange.plan.forwarding.sendsOriginalPath ? exchange.rawPath : exchange.path
        exchange.request.headers.withBytes(exchange.request.methodName) { Self.combine($0, into: &hash) }
        exchange.request.headers.withBytes(path) { Self.combine($0, into: &hash) }
        exchange.request.headers.withBytes(exchange.query) { Self.combine($0, into: &hash) }
        exchange.request.headers.withBytes(exchange.clientHost) { Self.combine($0, into: &hash) }
        hash.combine(UInt8(exchange.query.offset > 0 ? 1 : 0) | (exchange.isSecure ? 2 : 0))
        exchange.clientAddress.text.withUnsafeBytes { Self.combine($0, into: &hash) }
        for (index, name) in self.copied.enumerated() {
            for field in exchange.request.headers.fields where exchange.request.headers.matches(field, name) {
                hash.combine(UInt64(index))
                exchange.request.headers.withBytes(field.value) { Self.combine($0, into: &hash) }
            }
        }
        let (first, second) = hash.finish()
        return ForwardCache.Key(first: first, second: second)
    }

    /// The length keeps neighbours apart.
    private static func combine(_ bytes: UnsafeRawBufferPointer, into hash: inout SipHash) {
        hash.combine(UInt64(bytes.count))
        hash.combine(bytes)
    }
}
