public import HTTPTypes
public import NIOCore

/// Answers a request inside this process.
public typealias InProcessHandler = @Sendable (InProcessRequest) async throws -> InProcessResponse

/// A request for a handler in this process.
public struct InProcessRequest: Sendable {
    public var head: HTTPRequest
}

/// What a handler in this process answers.
public struct InProcessResponse: Sendable {
    public var head: HTTPResponse
    public var body: ByteBuffer
}

/// An upstream that is a handler in this process.
final class InProcessUpstream: Upstream {
    init(name: String, worker: Worker, handler: @escaping InProcessHandler) {}

    func take(_ exchange: Exchange) { exchange.fail(GatewayError(.notImplemented), from: nil) }

    func stop() {}

    static let missing: InProcessHandler = { _ in InProcessResponse(head: .init(status: .notFound), body: ByteBuffer()) }
}

enum DemoUpstream {
    static let handle: InProcessHandler = InProcessUpstream.missing
}
