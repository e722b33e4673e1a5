package import GatewayHTTP
import GatewayHTTP1
import HTTPTypes
import NIOCore

/// A handler that answers requests inside this process.
///
/// Each request runs in a separate task, off the event loops. The task is cancelled when the client leaves or the
/// exchange ends early. A thrown error becomes a 502, or closes the client's connection if the head was already sent.
/// Its description only goes to the log.
public typealias InProcessHandler = @Sendable (AsyncRequest) async throws -> AsyncResponse

/// An upstream that is a handler in this process.
final class InProcessUpstream: Upstream {
    package let name: String
    private let worker: Worker
    private let handler: InProcessHandler

    init(name: String, worker: Worker, handler: @escaping InProcessHandler) {
        self.name = name
        self.worker = worker
        self.handler = handler
    }

    func take(_ exchange: Exchange) {
        guard let head = HTTPRequest(forwarding: exchange) else {
            return exchange.driver.fail(GatewayError(.badRequest), from: nil)
        }
        let stream = InProcessStream(upstream: self.name, worker: self.worker, exchange: exchange)
        let clientAddress = String(decoding: exchange.clientAddress.text, as: UTF8.self)
        let route = exchange.route
        let requestID = exchange.requestIDRange.isEmpty ? nil : exchange.request.headers.string(exchange.requestIDRange)
        exchange.upstreamCall.sent(at: self.worker.now)
        exchange.upstreamCall.mayHaveArrived = true
        exchange.driver.sent(to: stream)
        stream.run(self.handler) { body in
            AsyncRequest(
                head: head,
                body: body,
                clientAddress: clientAddress,
                requestID: requestID,
                route: route
            )
        }
    }

    package private(set) lazy var retryBudget: SharedRetryBudget? = .of(self.name, in: self.worker.shared)

    /// Does nothing: running handlers finish their responses.
    package func stop() {}

    /// The handler of an upstream that was given none.
    static let missing: InProcessHandler = { _ in throw MissingHandler() }

    private struct MissingHandler: Error, CustomStringConvertible {
        var description: String { "it has no handler: give GatewayServer one under the upstream's name" }
    }
}

@available(*, unavailable)
extension InProcessUpstream: Sendable {}

extension HTTPRequest {
    /// Creates the request as a target would receive it, with `Host` as the authority.
    package init?(forwarding exchange: Exchange) {
        var bytes = ByteBuffer()
        Forwarder(style: exchange.plan.forwarding.style).writeHead(of: exchange, for: nil, into: &bytes)
        let limits = HTTP1Limits(startLine: .max / 4, headers: .max / 4, headerCount: .max)
        var parser = RequestParser(limits: limits)
        var head = RequestHead()
        guard (try? parser.parse(&bytes, into: &head)) == true,
            let method = Method(head.headers.string(head.methodName))
        else { return nil }
        self.init(
            method: method,
            scheme: exchange.client.map { "\($0.scheme)" },
            authority: head.headers.string(head.host),
            path: head.headers.string(head.target),
            headerFields: HTTPFields(head.headers)
        )
        // A handler has to know whether 101 is a possible answer.
        if exchange.upgrade != nil { self.headerFields[.upgrade] = "websocket" }
    }
}

extension HTTPFields {
    /// Creates fields from all end-to-end fields except `Host`, which is the authority in swift-http-types.
    package init(_ block: borrowing HeaderBlock) {
        self.init()
        self.reserveCapacity(block.count)
        for field in block.fields where field.id != .host && !field.id.isHopByHop {
            guard let name = HTTPField.Name(block.string(field.name)) else { continue }
            let value = block.withBytes(field.value) { Array($0) }
            self.append(HTTPField(name: name, lenientValue: value))
        }
    }
}
