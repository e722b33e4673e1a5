import GatewayHTTP1
import NIOCore

/// An error as `application/problem+json` (RFC 9457).
enum ErrorResponse {
    static func make(_ error: GatewayError, for exchange: Exchange) -> Response {
        let status = error.status ?? error.code.status
        var response = Response(status: status, body: self.body(error, for: exchange))
        response.add(.contentType, "application/problem+json")
        response.add(.cacheControl, "no-store")
        if let type = error.proxyStatus.map({ "\($0)" }) ?? error.code.proxyStatus {
            response.add(.proxyStatus, "gateway; error=\(type)")
        }
        if let seconds = error.retryAfter { response.add(.retryAfter, String(seconds)) }
        if let allow = error.allow { response.add(.allow, allow) }
        response.fields += error.fields
        return response
    }

    private static func body(_ error: GatewayError, for exchange: Exchange) -> ByteBuffer {
        var body = ByteBuffer()
        body.reserveCapacity(320)
        body.writeString("{\"type\":\"urn:gateway:error:\(error.code.name)\",\"title\":\"")
        let status = error.status ?? error.code.status
        body.writeStaticString(StatusReason.phrase(status))
        body.writeString("\",\"status\":\(status),\"detail\":\"")
        body.writeJSONEscaped((error.detail ?? error.code.detail).utf8)
        if !exchange.rawPath.isEmpty {
            body.writeStaticString("\",\"instance\":\"")
            exchange.request.headers.withBytes(exchange.rawPath) { body.writeJSONEscaped($0) }
        }
        body.writeString("\",\"code\":\"\(error.code.name)\"")
        if !exchange.requestIDRange.isEmpty {
            body.writeStaticString(",\"request_id\":\"")
            exchange.request.headers.withBytes(exchange.requestIDRange) { body.writeJSONEscaped($0) }
            body.writeStaticString("\"")
        }
        if let seconds = error.retryAfter { body.writeString(",\"retry_after\":\(seconds)") }
        body.writeStaticString("}\n")
        return body
    }
}

extension ByteBuffer {
    /// The inside of a JSON string. What is no ASCII is escaped byte by byte, since it need not be UTF-8.
    mutating func writeJSONEscaped(_ bytes: some Sequence<UInt8>) {
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): self.writeBytes([UInt8(ascii: "\\"), byte])
            case 0x20..<0x7F: self.writeInteger(byte)
            default: self.writeString("\\u00" + (byte < 16 ? "0" : "") + String(byte, radix: 16))
            }
        }
    }
}

extension ResponseHead {
    /// Becomes the head of a local answer.
    mutating func fill(with response: Response, answering method: Method) {
        self.headers.clear()
        self.status = response.status
        self.minorVersion = 1
        self.keepAlive = true
        for (name, value) in response.fields { self.headers.add(name, value) }
        self.setLength(response.body.readableBytes, answering: method)
    }

    /// The length of a body that is known whole.
    mutating func setLength(_ length: Int, answering method: Method) {
        let hasNoBody = self.hasNoBody
        self.headers.remove(.contentLength)
        if !hasNoBody { self.headers.add(Self.contentLength) { $0.writeDecimal(length) } }
        self.framing = hasNoBody || method == .head || length == 0 ? .none : .length(length)
    }

    /// RFC 9110 section 6.4.1.
    var hasNoBody: Bool { self.status < 200 || self.status == 204 || self.status == 304 }

    private static let contentLength = HeaderName(.contentLength)
}
