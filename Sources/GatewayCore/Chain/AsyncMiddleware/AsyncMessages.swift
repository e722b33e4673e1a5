import GatewayHTTP
import GatewayHTTP1
public import HTTPTypes
package import NIOCore

/// A request, as an ``AsyncMiddleware`` or a handler in this process receives it.
public struct AsyncRequest: Sendable {
    /// The method, scheme, authority (the client's `Host`), path with query, and the fields. Hop-by-hop fields are
    /// already removed. A handler receives the path and the fields that an upstream would.
    public var head: HTTPRequest
    /// The body as it arrives. Forwarding it unchanged costs nothing.
    public var body: AsyncBody
    /// The client's IP address as the gateway knows it through `trusted_proxies`, or `unknown` on a Unix socket.
    public var clientAddress: String
    /// The request ID, or nil if it is switched off.
    public var requestID: String?
    /// The name of the route.
    public var route: String

    /// Creates a request, for tests of handlers.
    public init(
        head: HTTPRequest,
        body: AsyncBody = AsyncBody(),
        clientAddress: String = "127.0.0.1",
        requestID: String? = nil,
        route: String = ""
    ) {
        self.head = head
        self.body = body
        self.clientAddress = clientAddress
        self.requestID = requestID
        self.route = route
    }
}

/// A response, as an ``AsyncMiddleware`` or a handler in this process returns it.
public struct AsyncResponse: Sendable {
    /// A status from 200 to 599 and the fields. The gateway writes `Content-Length`; a handler may set it for a
    /// streamed body of known length. Hop-by-hop fields are dropped.
    public var head: HTTPResponse
    /// The body. Forwarding the body of a response unchanged costs nothing. The body is not sent for HEAD, 204 and
    /// 304, and the closure of a streamed body does not run then.
    public var body: AsyncBody

    /// Creates a response from a head and a body.
    public init(head: HTTPResponse, body: AsyncBody = AsyncBody()) {
        self.head = head
        self.body = body
    }

    /// Creates a response from a status, fields and a body.
    public init(status: HTTPResponse.Status, headers: HTTPFields = [:], body: AsyncBody = AsyncBody()) {
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
        self.init(status: status, headers: headers, body: AsyncBody(text))
        self.head.headerFields[.contentType] = contentType
    }
}

extension HTTPRequest {
    /// Creates a request from its current state in the chain. Returns nil if the method is invalid.
    package init?(_ exchange: Exchange) {
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
    /// Whether the status allows no body (RFC 9110 section 6.4.1).
    var hasNoBody: Bool { self.code == 204 || self.code == 304 }
}

extension Response {
    package init(_ head: HTTPResponse, _ body: ByteBuffer) {
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
    /// Applies the changes to a head. The framing does not change.
    package mutating func take(_ head: HTTPResponse, instead former: HTTPResponse) {
        self.status = head.status.code
        if head.headerFields != former.headerFields { self.headers.replace(with: head.headerFields) }
    }
}

extension HeaderBlock {
    /// Replaces all fields except the framing fields and `Host`. Ranges into this block remain valid.
    package mutating func replace(with fields: HTTPFields) {
        self.removeAll { _, field in !field.id.isFraming && field.id != .host }
        for field in fields {
            let name = HeaderName(field.name.rawName)
            guard !name.id.isFraming, name.id != .host else { continue }
            field.withUnsafeBytesOfValue { self.add(name, $0) }
        }
    }
}
