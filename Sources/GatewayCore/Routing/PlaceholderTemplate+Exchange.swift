import GatewayHTTP
package import GatewaySettings
package import NIOCore

extension PlaceholderTemplate {
    /// Writes the text with the values of the request.
    ///
    /// - Returns: Whether all that it says about the caller has a value. A header field without one is left out.
    @discardableResult
    package func write(of exchange: Exchange, into buffer: inout ByteBuffer) -> Bool {
        var isComplete = true
        for part in self.parts {
            switch part {
            case .text(let bytes): buffer.writeBytes(bytes)
            case .placeholder(.consumer):
                if !Self.write(exchange.caller?.name, into: &buffer) { isComplete = false }
            case .placeholder(.plan):
                if !Self.write(exchange.callerPlan, into: &buffer) { isComplete = false }
            case .claim(let path):
                let text = exchange.caller.flatMap { path.text(in: $0.claims) }
                if !Self.write(text, into: &buffer) { isComplete = false }
            case .placeholder(let placeholder): Self.write(placeholder, of: exchange, into: &buffer)
            }
        }
        return isComplete
    }

    /// Writes what a credential says as it is, unless it has control characters, which could end a field.
    private static func write(_ text: String?, into buffer: inout ByteBuffer) -> Bool {
        guard let text, !text.isEmpty, text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else { return false }
        buffer.writeString(text)
        return true
    }

    private static func write(_ placeholder: Placeholder, of exchange: Exchange, into buffer: inout ByteBuffer) {
        func lend(_ range: ByteRange) { exchange.request.headers.withBytes(range) { _ = buffer.writeBytes($0) } }
        switch placeholder {
        case .requestID: lend(exchange.requestIDRange)
        case .clientIP: buffer.writeBytes(exchange.clientAddress.text)
        case .scheme: buffer.writeStaticString(exchange.clientScheme)
        case .host: lend(exchange.clientHost)
        case .path: lend(exchange.path)
        case .query: lend(exchange.query)
        case .uri:
            lend(exchange.path)
            // An empty query differs from no query (RFC 3986 section 6.2.3). The offset of a query is never 0.
            guard exchange.query.offset > 0 else { return }
            buffer.writeInteger(UInt8(ascii: "?"))
            lend(exchange.query)
        case .route: buffer.writeBytes(exchange.plan.nameBytes)
        case .clientCertificateSubject: buffer.writeString(exchange.clientCertificateSubject ?? "")
        case .consumer, .plan: break
        }
    }
}

extension Response {
    /// Returns a redirect to the URL that the template yields for this request.
    package static func redirect(_ template: PlaceholderTemplate, status: Int, for exchange: Exchange) -> Response {
        var location = ByteBuffer()
        template.write(of: exchange, into: &location)
        var response = Response(status: status)
        response.add { $0.add(HeaderName(.location), location.readableBytesView) }
        return response
    }
}
