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
    /// Its bytes have the URL behind them. A body that is not long follows in the same memory.
    package let fields: PreparedFields
    /// In memory of exactly its size.
    package let body: ByteBuffer
    package let lifetime: ResponseLifetime
    package let tags: [String]
    /// When its request was sent, among the purges.
    package let askedAt: PurgeStamp
    let urlHash: UInt64
    private let statusCode: UInt16
    /// Whether the fields have the `Content-Length` of the body.
    package let tellsLength: Bool
    private let encodedBodies: Mutex<[EncodedBody]>

    package struct EncodedBody: Sendable {
        /// The name of the coding in `Content-Encoding`.
        package let coding: String
        package let body: ByteBuffer

        package init(coding: String, body: ByteBuffer) {
            self.coding = coding
            self.body = body.exact
        }
    }

    /// - Parameter url: In the form of ``CacheURL``.
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
            variant: Variant(names: Self.names.copy(of: variant.names), values: variant.values),
            route: Self.routes.copy(of: route),
            urlHash: Self.hash(ofURL: url),
            status: status,
            memory: Self.packed(fields, url, body),
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
        urlHash: UInt64,
        status: Int,
        memory: Memory,
        lifetime: ResponseLifetime,
        tags: [String],
        askedAt: PurgeStamp,
        encodedBodies: [EncodedBody]
    ) {
        self.key = key
        self.variant = variant
        self.route = route
        self.statusCode = UInt16(clamping: status)
        self.fields = memory.fields
        self.body = memory.body
        self.tellsLength = memory.tellsLength
        self.lifetime = lifetime
        self.tags = tags
        self.askedAt = askedAt
        self.urlHash = urlHash
        self.encodedBodies = Mutex(encodedBodies)
    }

    private static let names = SharedCopies<[HeaderName]>(maximumCount: 256)
    private static let routes = SharedCopies<String>(maximumCount: 1024)

    package var status: Int { Int(self.statusCode) }

    var isVaried: Bool { !self.variant.names.isEmpty }

    /// Until when it is of use, at the latest.
    var usefulUntil: Int64 {
        let names = self.fields.names
        return self.lifetime.usefulUntil(hasValidator: names.contains(.etag) || names.contains(.lastModified))
    }

    /// Tells it from other responses.
    var hash: UInt64 {
        guard self.isVaried else { return self.key.high }
        return self.key.high ^ UInt64(truncatingIfNeeded: self.variant.hashValue)
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
            urlHash: self.urlHash,
            status: self.status,
            memory: fields.map { Self.packed($0, self.url, self.body) } ?? self.memory,
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

    /// The bytes that it takes, with everything that is kept about it.
    package var size: Int {
        self.encodedBodies.withLock { bodies in bodies.reduce(self.plainSize) { $0 + Self.size(of: $1) } }
    }
}

// MARK: URL

extension StoredResponse {
    /// In the form of ``CacheURL``.
    package var url: String { self.withURL { String(decoding: $0, as: UTF8.self) } }

    func isOf(url: String) -> Bool { self.withURL { $0.elementsEqual(url.utf8) } }
    func hasPrefix(_ prefix: String) -> Bool { self.withURL { $0.starts(with: prefix.utf8) } }

    private func withURL<Result>(_ body: (Slice<UnsafeRawBufferPointer>) -> Result) -> Result {
        let start = self.fields.bytes.writerIndex
        return self.fields.bytes.withVeryUnsafeBytes { body($0[start...]) }
    }

    static func hash(ofURL url: String) -> UInt64 {
        var url = url
        var hasher = Hasher()
        url.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        return UInt64(truncatingIfNeeded: hasher.finalize())
    }
}

// MARK: Memory

extension StoredResponse {
    /// A body that is not longer is copied behind the head whenever that changes, and saves an object.
    private static let longestPacked = 16 * 1024

    private struct Memory {
        let fields: PreparedFields
        let body: ByteBuffer
        let tellsLength: Bool
    }

    private var memory: Memory { Memory(fields: self.fields, body: self.body, tellsLength: self.tellsLength) }

    /// Puts the head, the URL and a body that is not long into one piece of memory of exactly their size.
    private static func packed(
        _ fields: PreparedFields,
        _ url: String,
        _ body: ByteBuffer
    ) -> Memory {
        let headLength = fields.bytes.readableBytes
        let textLength = headLength + url.utf8.count
        let isPacked = body.readableBytes <= self.longestPacked
        var memory = ByteBuffer(exactCapacity: textLength + (isPacked ? body.readableBytes : 0))
        memory.writeImmutableBuffer(fields.bytes)
        memory.writeString(url)
        if isPacked { memory.writeImmutableBuffer(body) }
        var head = memory.getSlice(at: 0, length: textLength) ?? ByteBuffer()
        head.moveWriterIndex(to: headLength)
        let packedBody = isPacked ? memory.getSlice(at: textLength, length: body.readableBytes) : body.exact
        let index = ContiguousArray(unsafeUninitializedCapacity: fields.fields.count) { storage, count in
            count = fields.fields.count
            _ = storage.initialize(from: fields.fields)
        }
        return Memory(
            fields: PreparedFields(names: fields.names, bytes: head, fields: index),
            body: packedBody ?? ByteBuffer(),
            tellsLength: fields.tell(length: body.readableBytes)
        )
    }

    private var plainSize: Int {
        let index = self.fields.fields.count * MemoryLayout<HeaderBlock.Field>.stride
        var size = Self.objectSize + CacheShard.bytesPerResponse + Self.allocated(array: index)
        let text = self.fields.bytes.capacity
        if self.body.readableBytes <= Self.longestPacked {
            size += Self.size(ofBuffer: text + self.body.readableBytes)
        } else {
            size += Self.size(ofBuffer: text) + Self.size(ofBuffer: self.body.readableBytes)
        }
        if !self.tags.isEmpty { size += Self.allocated(array: self.tags.count * MemoryLayout<String>.stride) }
        for tag in self.tags where tag.utf8.count > 15 { size += Self.allocated(array: tag.utf8.count + 1) }
        if self.isVaried { size += Self.allocated(array: self.variant.values.count * MemoryLayout<[UInt8]>.stride) }
        for value in self.variant.values { size += Self.allocated(array: value.count) }
        return size
    }

    static func size(of encoded: EncodedBody) -> Int {
        self.size(ofBuffer: encoded.body.readableBytes) + self.allocated(array: MemoryLayout<EncodedBody>.stride)
    }

    /// Of an instance.
    private static let objectSize = 240
    /// Of the object that holds the memory of a buffer.
    private static let bufferSize = 80

    private static func size(ofBuffer bytes: Int) -> Int { self.bufferSize + self.allocated(bytes) }
    private static func allocated(array bytes: Int) -> Int { self.allocated(32 + bytes) }
    /// What usual allocators take for so many bytes.
    private static func allocated(_ bytes: Int) -> Int { max(32, (bytes + 8 + 15) & ~15) }
}

extension PreparedFields {
    fileprivate func tell(length: Int) -> Bool {
        let values = self.fields.filter { $0.id == .contentLength }.map(\.value)
        guard let value = values.first, values.count == 1 else { return false }
        return self.bytes.getString(at: self.bytes.readerIndex + value.offset, length: value.count) == "\(length)"
    }
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
