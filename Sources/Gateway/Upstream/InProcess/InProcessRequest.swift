public import HTTPTypes
public import NIOCore

/// A request for a handler in this process.
public struct InProcessRequest: Sendable {
    /// The method, scheme, authority (the client's `Host`), path with query, and the fields as an upstream would
    /// receive them. Hop-by-hop fields are already removed.
    public var head: HTTPRequest
    public var body: InProcessRequestBody
    /// The client's IP address as the gateway knows it through `trusted_proxies`, or `unknown` on a Unix socket.
    public var clientAddress: String
    /// The request ID, or nil if it is switched off.
    public var requestID: String?

    public init(
        head: HTTPRequest,
        body: InProcessRequestBody = InProcessRequestBody(ByteBuffer()),
        clientAddress: String = "127.0.0.1",
        requestID: String? = nil
    ) {
        self.head = head
        self.body = body
        self.clientAddress = clientAddress
        self.requestID = requestID
    }
}

/// The body of a request as it arrives. It can be read once.
///
/// The gateway reads at most 64 KiB ahead of the handler. Reading throws `CancellationError` if the client has left.
public struct InProcessRequestBody: AsyncSequence, Sendable {
    public typealias Element = ByteBuffer
    public typealias Failure = any Error

    private enum Source: Sendable {
        case bytes(ByteBuffer)
        case stream(@Sendable () async throws -> ByteBuffer?)
    }

    private let source: Source
    private let readTrailers: @Sendable () async -> HTTPFields

    /// Creates a body from bytes.
    public init(_ bytes: ByteBuffer) {
        self.source = .bytes(bytes)
        self.readTrailers = { [:] }
    }

    /// Creates a body that is read chunk by chunk.
    ///
    /// - Parameters:
    ///   - trailers: The trailer fields.
    ///   - next: Returns the next chunk, or nil after the last.
    public init(
        trailers: @escaping @Sendable () async -> HTTPFields = { [:] },
        next: @escaping @Sendable () async throws -> ByteBuffer?
    ) {
        self.source = .stream(next)
        self.readTrailers = trailers
    }

    /// The trailer fields, available after the body has been read to its end.
    public var trailers: HTTPFields {
        get async { await self.readTrailers() }
    }

    public func makeAsyncIterator() -> AsyncIterator {
        switch self.source {
        case .bytes(let bytes): AsyncIterator(bytes: bytes, stream: nil)
        case .stream(let next): AsyncIterator(bytes: nil, stream: next)
        }
    }

    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate var bytes: ByteBuffer?
        fileprivate let stream: (@Sendable () async throws -> ByteBuffer?)?

        public mutating func next() async throws -> ByteBuffer? {
            if let stream = self.stream { return try await stream() }
            defer { self.bytes = nil }
            return self.bytes.flatMap { $0.readableBytes > 0 ? $0 : nil }
        }
    }
}
