public import NIOCore

/// A body as an asynchronous sequence of chunks, for an ``AsyncMiddleware``.
///
/// Bodies stream in both directions with back-pressure: a chunk is read when it is requested, at most 64 KiB ahead.
///
/// ```swift
/// var response = try await next(request)
/// response.body = AsyncBody(response.body.map { uppercased($0) })
/// return response
/// ```
///
/// The body of the exchange's own message can be iterated once its head has been forwarded, that is, inside a new body
/// as above. To look at a body before that, use ``collect(upTo:)``.
public struct AsyncBody: AsyncSequence, Sendable {
    public typealias Element = ByteBuffer
    public typealias Failure = any Error

    enum Source: Sendable {
        case bytes(ByteBuffer)
        /// The body of the exchange's own request or response.
        case passing(AsyncCallLine, BodyDirection)
        case sequence(@Sendable () -> AsyncIterator)
    }

    let source: Source

    init(_ source: Source) { self.source = source }

    /// Creates a body from bytes; empty by default.
    public init(_ bytes: ByteBuffer = ByteBuffer()) { self.source = .bytes(bytes) }

    /// Creates a body from a text, as UTF-8.
    public init(_ text: String) { self.source = .bytes(ByteBuffer(string: text)) }

    /// Creates a body from another sequence. The sequence is iterated after the head has been forwarded.
    public init<Chunks: AsyncSequence & Sendable>(_ chunks: Chunks) where Chunks.Element == ByteBuffer {
        self.source = .sequence {
            var iterator = chunks.makeAsyncIterator()
            return AsyncIterator(bytes: nil) { try await iterator.next() }
        }
    }

    /// Waits for the whole body and returns it. The message keeps its body.
    ///
    /// - Parameter limit: The maximum size in bytes.
    /// - Throws: ``BodyTooLarge`` if the body is larger; it then streams through. `CancellationError` if the exchange
    ///   has ended.
    public func collect(upTo limit: Int) async throws -> ByteBuffer {
        switch self.source {
        case .bytes(let bytes):
            guard bytes.readableBytes <= limit else { throw BodyTooLarge(limit: limit) }
            return bytes
        case .passing(let line, let direction): return try await line.collect(upTo: limit, direction)
        case .sequence:
            var whole = ByteBuffer()
            for try await chunk in self {
                whole.writeImmutableBuffer(chunk)
                guard whole.readableBytes <= limit else { throw BodyTooLarge(limit: limit) }
            }
            return whole
        }
    }

    /// Returns an iterator. The body of the exchange's own message can be iterated once.
    public func makeAsyncIterator() -> AsyncIterator {
        switch self.source {
        case .bytes(let bytes): AsyncIterator(bytes: bytes.readableBytes > 0 ? bytes : nil, next: nil)
        case .passing(let line, let direction): AsyncIterator(bytes: nil) { try await line.read(direction) }
        case .sequence(let begin): begin()
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

/// A body is larger than the limit of ``AsyncBody/collect(upTo:)``.
public struct BodyTooLarge: Error, CustomStringConvertible {
    /// In bytes.
    public let limit: Int
    /// For the log.
    public var description: String { "the body is over \(Plural.of(self.limit, "byte"))" }
}
