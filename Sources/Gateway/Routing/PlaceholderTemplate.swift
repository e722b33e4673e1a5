import GatewayHTTP1
import NIOCore

/// Text with places for what a request brought: `https://{host}{uri}`.
struct PlaceholderTemplate: Sendable {
    private enum Part: Sendable {
        case text([UInt8])
        case requestID, clientIP, scheme, host, path, query, uri, route
    }

    private let parts: [Part]

    /// Why a template is refused.
    struct ParseError: Error, Hashable {
        var message: String
    }

    init(_ text: String) throws(ParseError) {
        var parts: [Part] = []
        var rest = text[...]
        while let open = rest.firstIndex(of: "{") {
            if open > rest.startIndex { parts.append(.text(Array(rest[..<open].utf8))) }
            guard let close = rest[open...].firstIndex(of: "}") else {
                throw ParseError(message: "a '{' is not closed")
            }
            let name = String(rest[rest.index(after: open)..<close])
            switch name {
            case "request_id": parts.append(.requestID)
            case "client_ip": parts.append(.clientIP)
            case "scheme": parts.append(.scheme)
            case "host": parts.append(.host)
            case "path": parts.append(.path)
            case "query": parts.append(.query)
            case "uri": parts.append(.uri)
            case "route": parts.append(.route)
            case "jwt.sub", "consumer":
                throw ParseError(
                    message: "{\(name)} is not supported in this version: only auth knows who the caller is"
                )
            default:
                throw ParseError(
                    message: "{\(name)} is not known: write {request_id}, {client_ip}, {scheme}, {host}, {path}, "
                        + "{query}, {uri} or {route}"
                )
            }
            rest = rest[rest.index(after: close)...]
        }
        if !rest.isEmpty { parts.append(.text(Array(rest.utf8))) }
        self.parts = parts
    }

    /// Whether a request without a host has no value for it.
    var namesHost: Bool { self.parts.contains { if case .host = $0 { true } else { false } } }

    func write(of exchange: Exchange, into buffer: inout ByteBuffer) {
        func lend(_ range: ByteRange) { exchange.request.headers.withBytes(range) { _ = buffer.writeBytes($0) } }
        for part in self.parts {
            switch part {
            case .text(let bytes): buffer.writeBytes(bytes)
            case .requestID: lend(exchange.requestIDRange)
            case .clientIP: buffer.writeBytes(exchange.clientAddress.text)
            case .scheme: buffer.writeStaticString(exchange.clientScheme)
            case .host: lend(exchange.clientHost)
            case .path: lend(exchange.path)
            case .query: lend(exchange.query)
            case .uri:
                lend(exchange.path)
                if !exchange.query.isEmpty {
                    buffer.writeInteger(UInt8(ascii: "?"))
                    lend(exchange.query)
                }
            case .route: buffer.writeBytes(exchange.plan.nameBytes)
            }
        }
    }
}

extension Response {
    /// A redirection to where the template leads for this request.
    static func redirect(_ template: PlaceholderTemplate, status: Int, for exchange: Exchange) -> Response {
        var location = ByteBuffer()
        template.write(of: exchange, into: &location)
        var response = Response(status: status)
        response.add { $0.add(HeaderName(.location), location.readableBytesView) }
        return response
    }
}
