import GatewayHTTP
import GatewayHTTP1
import HTTPTypes
import NIOCore

/// What an ``AsyncMiddleware`` needs of the driver beyond the decisions of hooks.
extension Exchange {
    /// A decision by a middleware at `place` that did not wait for the response it had asked for.
    func overtake(_ decision: Decision, from place: Int) {
        guard self.stage == .descending || self.stage == .waiting || self.stage == .climbing else { return }
        self.worker.tick()
        self.endHalt()
        let life = self.generation
        switch decision {
        case .respond(let response): self.answer(response, from: place)
        case .fail(let error): self.fail(error, from: place)
        case .next, .transform, .collect, .retry, .suspend:
            self.fail(GatewayError(.internalError, reason: "the response was passed on before it came"), from: place)
        }
        if self.generation == life { self.client?.flush() }
    }

    /// A transform of that body has something to do that no chunk tells of.
    func transformReady(_ direction: AsyncDirection) {
        self.worker.tick()
        let life = self.generation
        switch direction {
        case .request:
            // A full upstream says itself when it has room.
            if self.upstream?.isWritable == true { self.turnRequest() }
        case .response:
            if self.client?.isWritable == true { self.turnResponse() }
            if self.generation == life { self.client?.flush() }
        }
    }

    /// Another body for the request, before it goes upstream.
    func replaceRequestBody(with body: ByteBuffer) {
        guard self.isRequestEnded else {
            return self.insertIntoRequest(ReplacedBody(body))
        }
        self.usesBodies = true
        self.requestHeld = body
        self.collectedRequest = body
        self.request.headers.remove(.contentLength)
        self.request.framing = body.readableBytes > 0 ? .length(body.readableBytes) : .none
        if body.readableBytes > 0 {
            self.request.headers.add(HeaderName(.contentLength)) { $0.write(decimal: body.readableBytes) }
        }
    }

    /// Another body for the request, as it comes.
    func streamRequestBody(through transform: any BodyTransform) {
        self.request.framing = .chunked
        self.insertIntoRequest(transform)
    }
}

/// Swallows a body that still comes, and gives another one at its end.
private final class ReplacedBody: BodyTransform {
    private let body: ByteBuffer
    init(_ body: ByteBuffer) { self.body = body }

    var rank: BodyRank { .rewrite }
    func write(_ chunk: inout ByteBuffer, to sink: inout BodySink) { chunk = ByteBuffer() }
    func end(to sink: inout BodySink) { sink.write(self.body) }
}

extension HTTPRequest {
    /// The request as it stands in the chain; nil for a method that is none.
    init?(_ exchange: Exchange) {
        guard let method = Method(exchange.request.headers.string(exchange.request.methodName)) else { return nil }
        let target = exchange.request.headers.string(exchange.request.pathAndQuery)
        self.init(
            method: method,
            scheme: exchange.client.map { "\($0.scheme)" },
            authority: exchange.request.authority,
            path: target.hasPrefix("/") ? target : "/" + target,
            headerFields: HTTPFields(exchange.request.headers)
        )
    }
}

extension HTTPResponse.Status {
    /// RFC 9110 section 6.4.1.
    var hasNoBody: Bool { self.code == 204 || self.code == 304 }
}

extension Response {
    init(_ head: HTTPResponse, _ body: ByteBuffer) {
        self.init(status: head.status.code, body: body)
        self.add { block in
            for field in head.headerFields {
                let name = HeaderName(field.name.rawName)
                if !name.id.isFraming { field.withUnsafeBytesOfValue { block.add(name, $0) } }
            }
        }
    }
}

extension ResponseHead {
    /// Takes over what was changed in a head; the framing stays.
    mutating func take(_ head: HTTPResponse, instead former: HTTPResponse) {
        self.status = head.status.code
        if head.headerFields != former.headerFields { self.headers.replace(with: head.headerFields) }
    }
}

extension HeaderBlock {
    /// Has these fields, besides those that say how long the message is and `Host`. Ranges into this block stay valid.
    mutating func replace(with fields: HTTPFields) {
        self.removeAll { _, field in !field.id.isFraming && field.id != .host }
        for field in fields {
            let name = HeaderName(field.name.rawName)
            guard !name.id.isFraming, name.id != .host else { continue }
            field.withUnsafeBytesOfValue { self.add(name, $0) }
        }
    }
}
