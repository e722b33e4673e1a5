import Gateway
import Hummingbird
import Logging
import NIOCore

/// The context that handlers of the router receive.
struct GatewayRequestContext: RequestContext {
    struct Source: RequestContextSource {
        let logger: Logger
        let clientAddress: String
    }

    var coreContext: CoreRequestContextStorage
    /// The client, as determined by `trusted_proxies`.
    let clientAddress: String

    init(source: Source) {
        self.coreContext = CoreRequestContextStorage(source: source)
        self.clientAddress = source.clientAddress
    }
}

extension HTTPResponder where Context == GatewayRequestContext {
    /// Answers a request from the gateway. Bodies stream in both directions.
    func respond(to request: AsyncRequest) async throws -> AsyncResponse {
        var logger = Logger(label: "router")
        logger[metadataKey: "request_id"] = "\(request.requestID ?? "-")"
        let response = try await self.respond(
            to: Request(head: request.head, body: RequestBody(asyncSequence: request.body)),
            context: GatewayRequestContext(source: .init(logger: logger, clientAddress: request.clientAddress))
        )
        let body = response.body
        return AsyncResponse(
            head: response.head,
            body: body.contentLength == 0 ? .none : .stream { try await body.write(BodyWriter(writer: $0)) }
        )
    }
}

/// Forwards the bytes that a handler of the router writes.
private struct BodyWriter: ResponseBodyWriter {
    let writer: AsyncBodyWriter

    mutating func write(_ buffer: ByteBuffer) async throws { try await self.writer.write(buffer) }
    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
}
