public import HTTPTypes
public import NIOCore

/// The response of a handler in this process.
public struct InProcessResponse: Sendable {
    /// A status from 200 to 599 and the fields. Set `Content-Length` only for a streamed body of known length.
    /// Hop-by-hop fields are dropped.
    public var head: HTTPResponse
    public var body: Body

    /// The body. It is not sent for HEAD, 204 and 304, and a stream does not run then.
    public enum Body: Sendable {
        case none
        case bytes(ByteBuffer)
        /// Writes the body and returns at its end. With a `Content-Length` it must write exactly that many bytes;
        /// otherwise the connection is closed, so that the body does not look complete.
        case stream(@Sendable (InProcessBodyWriter) async throws -> Void)
    }

    public init(head: HTTPResponse, body: Body = .none) {
        self.head = head
        self.body = body
    }

    public init(status: HTTPResponse.Status, headers: HTTPFields = [:], body: Body = .none) {
        self.init(head: HTTPResponse(status: status, headerFields: headers), body: body)
    }

    /// Creates a response from a short text.
    ///
    /// - Parameters:
    ///   - status: The status, from 200 to 599.
    ///   - headers: Further fields.
    ///   - contentType: The `Content-Type`, such as `"text/plain; charset=utf-8"`.
    ///   - text: The text, sent as UTF-8.
    public init(
        status: HTTPResponse.Status = .ok,
        headers: HTTPFields = [:],
        contentType: String,
        text: String
    ) {
        self.init(status: status, headers: headers, body: .bytes(ByteBuffer(string: text)))
        self.head.headerFields[.contentType] = contentType
    }
}

/// Writes a streamed body.
public struct InProcessBodyWriter: Sendable {
    private let take: @Sendable (ByteBuffer) async throws -> Void

    /// - Parameter take: Accepts a chunk, and returns when there is room for the next.
    public init(_ take: @escaping @Sendable (ByteBuffer) async throws -> Void) { self.take = take }

    /// Sends a chunk, and waits while the client does not accept data.
    ///
    /// - Throws: `CancellationError` if the client has left.
    public func write(_ chunk: ByteBuffer) async throws { try await self.take(chunk) }
}
