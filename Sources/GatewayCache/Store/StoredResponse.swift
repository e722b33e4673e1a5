package import GatewayHTTP
package import NIOCore
import Synchronization

/// A complete response in the cache, shared by all workers. Nothing of it changes, except that encoded forms of its body are
/// added.
package final class StoredResponse: Sendable {
    package let key: CacheKey
    /// What the request selected by; without names if the response has no `Vary`.
    package let variant: Variant
    /// The route whose request fetched it.
    package let route: String
    /// In the form of ``CacheURL``.
    package let url: String
    package let status: Int
    package let fields: PreparedFields
    /// In memory of exactly its size.
    package let body: ByteBuffer
    package let lifetime: ResponseLifetime
    package let tags: [String]
    /// When its request was sent, among the purges.
    package let askedAt: PurgeStamp
    /// Until when it is of use, at the latest.
    let usefulUntil: Int64
    let urlHash: UInt64
    private let encodedBodies: Mutex<[EncodedBody]>

    package struct EncodedBody: Sendable {
        /// The name of the coding in `Content-Encoding`.
        package let coding: String
        package let body: ByteBuffer

        package init(coding: String, body: ByteBuffer) {
            self.coding = coding
            self.body = body
        }
    }

    package convenience init(
        key: CacheKey,
        variant: Variant,
        route: String,
        url: String,
        status: Int,
        fields: PreparedFields,
        body: ByteBuffer,
        lifetime: ResponseLifetime,
        tags: [String] = [],
        askedAt: PurgeStamp
    ) {
        self.init(
            key: key,
            variant: variant,
            route: route,
            url: url,
            status: status,
            fields: fields,
            body: body,
            lifetime: lifetime,
            tags: tags,
            askedAt: askedAt,
            encodedBodies: []
        )
    }

    private init(
        key: CacheKey,
        variant: Variant,
        route: String,
        url: String,
        status: Int,
        fields: PreparedFields,
        body: ByteBuffer,
        lifetime: ResponseLifetime,
        tags: [String],
        askedAt: PurgeStamp,
        encodedBodies: [EncodedBody]
    ) {
        self.key = key
        self.variant = variant
        self.route = route
        self.url = url
        self.status = status
        self.fields = fields
        self.body = body
        self.lifetime = lifetime
        self.tags = tags
        self.askedAt = askedAt
        let names = fields.names
        let hasValidator = names.contains(.etag) || names.contains(.lastModified)
        self.usefulUntil = lifetime.usefulUntil(hasValidator: hasValidator)
        self.urlHash = Self.hash(ofURL: url)
        self.encodedBodies = Mutex(encodedBodies)
    }

    var isVaried: Bool { !self.variant.names.isEmpty }

    /// Tells it from other responses.
    var hash: UInt64 {
        guard self.isVaried else { return self.key.high }
        return self.key.high ^ UInt64(truncatingIfNeeded: self.variant.hashValue)
    }

    static func hash(ofURL url: String) -> UInt64 {
        var hasher = Hasher()
        for byte in url.utf8 { hasher.combine(byte) }
        return UInt64(truncatingIfNeeded: hasher.finalize())
    }

    /// Returns the response with another head, and the same body in all its encodings.
    ///
    /// - Parameter askedAt: When the request was sent that brought the head.
    package func updated(
        fields: PreparedFields? = nil,
        lifetime: ResponseLifetime,
        tags: [String]? = nil,
        askedAt: PurgeStamp? = nil
    ) -> StoredResponse {
        StoredResponse(
            key: self.key,
            variant: self.variant,
            route: self.route,
            url: self.url,
            status: self.status,
            fields: fields ?? self.fields,
            body: self.body,
            lifetime: lifetime,
            tags: tags ?? self.tags,
            askedAt: askedAt ?? self.askedAt,
            encodedBodies: self.encodedBodies.withLock { $0 }
        )
    }

    // MARK: Encoded bodies

    /// Returns the body in a coding in which it was encoded before.
    package func body(in coding: String) -> ByteBuffer? {
        self.encodedBodies.withLock { bodies in bodies.first { $0.coding == coding }?.body }
    }

    /// The codings in which the body was encoded.
    package var encodings: [String] { self.encodedBodies.withLock { $0.map(\.coding) } }

    /// Adds an encoded body. For ``CacheStore/keep(_:for:)``, which counts it.
    func add(_ encoded: EncodedBody) -> Bool {
        self.encodedBodies.withLock { bodies in
            guard !bodies.contains(where: { $0.coding == encoded.coding }) else { return false }
            bodies.append(encoded)
            return true
        }
    }

    // MARK: Size

    /// The bytes that it takes, with everything that is kept about it.
    package var size: Int {
        self.encodedBodies.withLock { bodies in bodies.reduce(self.plainSize) { $0 + Self.size(of: $1) } }
    }

    private var plainSize: Int {
        var size = Self.overhead + self.url.utf8.count + self.body.readableBytes
        size += self.fields.bytes.readableBytes + self.fields.fields.count * MemoryLayout<HeaderBlock.Field>.stride
        for tag in self.tags { size += tag.utf8.count + Self.listOverhead }
        for value in self.variant.values { size += value.count + 2 * Self.listOverhead }
        return size
    }

    static func size(of encoded: EncodedBody) -> Int { encoded.body.readableBytes + 2 * Self.listOverhead }

    /// What the objects of a response and its places in the queues and indexes take.
    private static let overhead = 640
    /// What a member of a list takes beyond its bytes.
    private static let listOverhead = 48
}

extension ResponseLifetime {
    /// Until when a response is of use: while it is fresh or may be served stale, and with a validator as long again, so
    /// that it can be revalidated.
    func usefulUntil(hasValidator: Bool) -> Int64 {
        let stale = max(0, self.staleWhileRevalidate, self.staleIfError)
        let validated = hasValidator ? min(max(self.lifetime, Self.shortestKept), Self.longestKept) : 0
        let fresh = self.bornAt.addingReportingOverflow(self.lifetime)
        let useful = fresh.partialValue.addingReportingOverflow(max(stale, validated))
        return fresh.overflow || useful.overflow ? .max : useful.partialValue
    }

    private static let shortestKept: Int64 = 60_000
    private static let longestKept: Int64 = 86_400_000
}

extension StoredResponse {
    /// Returns the response with a lifetime that has just ended.
    package func madeStale(at now: Int64, askedAt: PurgeStamp? = nil) -> StoredResponse {
        var lifetime = self.lifetime
        lifetime.lifetime = min(lifetime.lifetime, lifetime.age(at: now))
        return self.updated(lifetime: lifetime, askedAt: askedAt)
    }
}
