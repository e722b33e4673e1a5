public import NIOCore

/// A body as chunks that come in time, for an ``AsyncMiddleware``.
///
/// Bodies stream both ways with back-pressure: a chunk is read when it is asked for, and 64 KiB ahead at most.
///
/// ```swift
/// var response = try await next(request)
/// response.body = AsyncBody(response.body.map { uppercased($0) })
/// return response
/// ```
///
/// The body of a message that passes can be iterated from the moment on at which its head has been passed on, so inside a
/// new body as above. What has to be known before that comes from ``collect(upTo:)``.
public struct AsyncBody: AsyncSequence, Sendable {
    public typealias Element = ByteBuffer
    public typealias Failure = any Error

    enum Source: Sendable {
        case bytes(ByteBuffer)
        /// Of the exchange's own request or response.
        case passing(AsyncCallLine, AsyncDirection)
        case sequence(@Sendable () -> AsyncIterator)
    }

    let source: Source

    init(_ source: Source) { self.source = source }

    /// A body that is there already; by default an empty one.
    public init(_ bytes: ByteBuffer = ByteBuffer()) { self.source = .bytes(bytes) }

    /// A text as UTF-8.
    public init(_ text: String) { self.source = .bytes(ByteBuffer(string: text)) }

    /// A body that another sequence gives, chunk by chunk. It is iterated once the head has been passed on.
    public init<Chunks: AsyncSequence & Sendable>(_ chunks: Chunks) where Chunks.Element == ByteBuffer {
        self.source = .sequence {
            var iterator = chunks.makeAsyncIterator()
            return AsyncIterator(bytes: nil) { try await iterator.next() }
        }
    }

    /// Waits for the whole body and gives it. The message it belongs to still carries it.
    ///
    /// - Parameter limit: in bytes.
    /// - Throws: ``BodyTooLarge`` where there is more of it; the body passes on as it comes then. `CancellationError` when the
    ///   exchange has ended.
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

    /// A body that passes can be iterated once.
    public func makeAsyncIterator() -> AsyncIterator {
        switch self.source {
        case .bytes(let bytes): AsyncIterator(bytes: bytes.readableBytes > 0 ? bytes : nil, next: nil)
        case .passing(let line, let direction): AsyncIterator(bytes: nil) { try await line.read(direction) }
        case .sequence(let begin): begin()
        }
    }

    /// Gives the chunks in their order; nil behind the last.
    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate var bytes: ByteBuffer?
        fileprivate let next: (() async throws -> ByteBuffer?)?

        /// The next chunk, or nil behind the last.
        public mutating func next() async throws -> ByteBuffer? {
            if let next = self.next { return try await next() }
            defer { self.bytes = nil }
            return self.bytes
        }
    }
}

/// A body has more bytes than were to be collected.
public struct BodyTooLarge: Error, CustomStringConvertible {
    /// In bytes.
    public let limit: Int
    /// For the log.
    public var description: String { "the body is over \(Plural.of(self.limit, "byte"))" }
}

/// Which body of an exchange.
enum AsyncDirection: Sendable {
    case request, response
}
