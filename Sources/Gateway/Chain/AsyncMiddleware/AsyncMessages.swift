import GatewayHTTP
import GatewayHTTP1
import HTTPTypes
import NIOCore

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
