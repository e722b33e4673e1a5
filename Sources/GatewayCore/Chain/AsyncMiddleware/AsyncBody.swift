public import HTTPTypes
public import NIOCore

/// The body of an ``AsyncRequest`` or ``AsyncResponse``: an asynchronous sequence of chunks.
///
/// Bodies stream in both directions with back-pressure: a chunk is read when it is requested, at most 64 KiB ahead.
/// Reading throws `CancellationError` if the client has left.
///
/// ```swift
/// var response = try await next(request)
/// response.body = AsyncBody(response.body.map { uppercased($0) })
/// return response
/// ```
///
/// A received body can be iterated only once. An ``AsyncMiddleware`` can iterate it after the head has been
/// forwarded, that is, inside a new body as above. To read a body before that, use ``collect(upTo:)``.
public struct AsyncBody: AsyncSequence, Sendable {
    public typealias Element = ByteBuffer
    public typealias Failure = any Error

    package enum Source: Sendable {
        case none
        case bytes(ByteBuffer)
        /// The original body of the exchange's request or response.
        case passing(AsyncCallLine, BodyDirection)
        case sequence(@Sendable () -> AsyncIterator)
        case written(@Sendable (AsyncBodyWriter) async throws -> Void)
    }

    package let source: Source
    private let readTrailers: (@Sendable () async -> HTTPFields)?

    package init(_ source: Source, trailers: (@Sendable () async -> HTTPFields)? = nil) {
        self.source = source
        self.readTrailers = trailers
    }

    /// Creates an empty body.
    public init() { self.init(.none) }

    /// Creates a body from bytes.
    public init(_ bytes: ByteBuffer) { self.init(.bytes(bytes)) }

    /// Creates a body from text, as UTF-8.
    public init(_ text: String) { self.init(.bytes(ByteBuffer(string: text))) }

    /// Creates a body from another sequence. The sequence is iterated after the head has been forwarded.
    public init<Chunks: AsyncSequence & Sendable>(_ chunks: Chunks) where Chunks.Element == ByteBuffer {
        self.init(
            .sequence {
                var iterator = chunks.makeAsyncIterator()
                return AsyncIterator(bytes: nil) { try await iterator.next() }
            }
        )
    }

    /// Creates a body that is read chunk by chunk, once.
    ///
    /// - Parameters:
    ///   - trailers: The trailer fields.
    ///   - next: Returns the next chunk, or nil after the last.
    public init(
        trailers: @escaping @Sendable () async -> HTTPFields = { [:] },
        next: @escaping @Sendable () async throws -> ByteBuffer?
    ) {
        self.init(.sequence { AsyncIterator(bytes: nil, next: next) }, trailers: trailers)
    }

    /// An empty body.
    public static var none: AsyncBody { AsyncBody() }

    /// Returns a body of bytes.
    public static func bytes(_ bytes: ByteBuffer) -> AsyncBody { AsyncBody(bytes) }

    /// Returns a body that a closure writes. The body ends when the closure returns. With a `Content-Length`, the
    /// closure must write exactly that many bytes; otherwise the connection is closed, so that the body does not look
    /// complete.
    public static func stream(_ write: @escaping @Sendable (AsyncBodyWriter) async throws -> Void) -> AsyncBody {
        AsyncBody(.written(write))
    }

    /// The trailer fields of a request to a handler in this process, available after its body has been read to the end.
    public var trailers: HTTPFields {
        get async { await self.readTrailers?() ?? [:] }
    }

    /// The whole body if it is in memory, or nil if it streams.
    package var whole: ByteBuffer? {
        switch self.source {
        case .none: ByteBuffer()
        case .bytes(let bytes): bytes
        case .passing, .sequence, .written: nil
        }
    }

    /// Waits for the whole body and returns it. The message keeps its body.
    ///
    /// - Parameter limit: The maximum size in bytes.
    /// - Throws: ``BodyTooLarge`` if the body is larger; it then streams through. `CancellationError` if the exchange
    ///   has ended.
    public func collect(upTo limit: Int) async throws -> ByteBuffer {
        if case .passing(let line, let direction) = self.source {
            return try await line.collect(upTo: limit, direction)
        }
        var whole = self.whole ?? ByteBuffer()
        if self.whole == nil {
            for try await chunk in self {
                whole.writeImmutableBuffer(chunk)
                guard whole.readableBytes <= limit else { break }
            }
        }
        guard whole.readableBytes <= limit else { throw BodyTooLarge(limit: limit) }
        return whole
    }

    /// Writes the body, chunk by chunk.
    package func write(to writer: AsyncBodyWriter) async throws {
        if case .written(let write) = self.source { return try await write(writer) }
        for try await chunk in self { try await writer.write(chunk) }
    }

    /// Returns an iterator. A received body can be iterated only once. A body that a closure writes is buffered if it
    /// is iterated.
    public func makeAsyncIterator() -> AsyncIterator {
        switch self.source {
        case .none: return AsyncIterator(bytes: nil, next: nil)
        case .bytes(let bytes): return AsyncIterator(bytes: bytes.readableBytes > 0 ? bytes : nil, next: nil)
        case .passing(let line, let direction):
            return AsyncIterator(bytes: nil) { try await line.read(direction) }
        case .sequence(let begin): return begin()
        case .written(let write):
            let (chunks, continuation) = AsyncThrowingStream.makeStream(of: ByteBuffer.self)
            let task = Task {
                do {
                    try await write(AsyncBodyWriter { continuation.yield($0) })
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { _ in task.cancel() }
            var iterator = chunks.makeAsyncIterator()
            return AsyncIterator(bytes: nil) { try await iterator.next() }
        }
    }

    /// Iterates over the chunks of a body.
    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate var bytes: ByteBuffer?
        fileprivate let next: (() async throws -> ByteBuffer?)?

        /// Returns the next chunk, or nil after the last.
        public mutating func next() async throws -> ByteBuffer? {
            if let next = self.next { return try await next() }
            defer { self.bytes = nil }
            return self.bytes
        }
    }
}

/// Writes the chunks of a body.
public struct AsyncBodyWriter: Sendable {
    private let take: @Sendable (ByteBuffer) async throws -> Void

    /// - Parameter take: Accepts a chunk, and returns when there is room for the next.
    public init(_ take: @escaping @Sendable (ByteBuffer) async throws -> Void) { self.take = take }

    /// Writes a chunk, and waits while the receiver does not accept data.
    ///
    /// - Throws: `CancellationError` if the client has left.
    public func write(_ chunk: ByteBuffer) async throws { try await self.take(chunk) }
}

/// A body is larger than the limit of ``AsyncBody/collect(upTo:)``.
public struct BodyTooLarge: Error, CustomStringConvertible {
    /// The limit in bytes.
    public let limit: Int
    /// A description for the log.
    public var description: String { "the body is over \(Plural.of(self.limit, "byte"))" }
}
