import GatewayHTTP
import GatewayHTTP1
import NIOCore

/// Text with placeholders for parts of the request: `https://{host}{uri}`.
///
/// `{{` and `}}` write braces. Other text in braces stays as it is, so that JSON needs no escapes. Only a single word in
/// braces that is no known name is an error, since it was probably meant as one.
struct PlaceholderTemplate: Sendable {
    private enum Part: Sendable {
        case text([UInt8])
        case placeholder(Placeholder)
    }

    private enum Placeholder: String, CaseIterable {
        case requestID = "request_id"
        case clientIP = "client_ip"
        case scheme, host, path, query, uri, route
    }

    private let parts: [Part]

    /// Why a template is refused.
    struct ParseError: Error, Hashable {
        var message: String
        var suggestion: String
    }

    init(_ text: String) throws(ParseError) {
        let bytes = Array(text.utf8)
        var parts: [Part] = []
        var literal: [UInt8] = []
        // Braces of the text itself that are open: within them "}}" closes two, as in nested JSON.
        var depth = 0
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            let isDoubled = index + 1 < bytes.count && bytes[index + 1] == byte
            if byte == UInt8(ascii: "{"), !isDoubled, let name = Self.name(in: bytes[(index + 1)...]) {
                if !literal.isEmpty { parts.append(.text(literal)) }
                literal = []
                parts.append(.placeholder(try Self.placeholder(name)))
                index += name.utf8.count + 2
                continue
            }
            literal.append(byte)
            index += 1
            if byte == UInt8(ascii: "{") {
                if isDoubled {
                    index += 1
                } else {
                    try Self.checkIsClosed(bytes[index...])
                    depth += 1
                }
            } else if byte == UInt8(ascii: "}") {
                if depth > 0 { depth -= 1 } else if isDoubled { index += 1 }
            }
        }
        if !literal.isEmpty { parts.append(.text(literal)) }
        self.parts = parts
    }

    /// Whether a request without a host has no value for it.
    var namesHost: Bool { self.parts.contains { if case .placeholder(.host) = $0 { true } else { false } } }

    /// What stands between braces where that has the form of a name.
    private static func name(in bytes: ArraySlice<UInt8>) -> String? {
        let name = bytes.prefix { $0.isASCIILetter || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".") }
        guard !name.isEmpty, bytes[name.endIndex...].first == UInt8(ascii: "}") else { return nil }
        return String(decoding: name, as: UTF8.self)
    }

    /// Nothing follows the name but the end of the text: its brace was forgotten.
    private static func checkIsClosed(_ bytes: ArraySlice<UInt8>) throws(ParseError) {
        guard let name = Placeholder(rawValue: String(decoding: bytes, as: UTF8.self))?.rawValue else { return }
        throw ParseError(message: "{\(name) is not closed", suggestion: "write {\(name)}, or {{\(name) for the text")
    }

    private static func placeholder(_ name: String) throws(ParseError) -> Placeholder {
        if let placeholder = Placeholder(rawValue: name) { return placeholder }
        if ["jwt.sub", "consumer"].contains(name) {
            throw ParseError(
                message: "{\(name)} is not supported in this version",
                suggestion: "take it out, or write {{\(name)}} for the text"
            )
        }
        let names = Placeholder.allCases.map(\.rawValue)
        let meant = NearestName.of(name, among: names).map { "{\($0)}" }
        let others = "one of \(names.map { "{\($0)}" }.joined(separator: ", "))"
        throw ParseError(
            message: "{\(name)} is not known",
            suggestion: "write \(meant ?? others), or {{\(name)}} for the text"
        )
    }

    /// The text with something in the place of each placeholder.
    func filled(with value: String) -> String {
        self.parts.reduce(into: "") { text, part in
            switch part {
            case .text(let bytes): text += String(decoding: bytes, as: UTF8.self)
            case .placeholder: text += value
            }
        }
    }

    func write(of exchange: Exchange, into buffer: inout ByteBuffer) {
        for part in self.parts {
            switch part {
            case .text(let bytes): buffer.writeBytes(bytes)
            case .placeholder(let placeholder): Self.write(placeholder, of: exchange, into: &buffer)
            }
        }
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
            // An empty query is another resource than none (RFC 3986 section 6.2.3); a query never stands at the start.
            guard exchange.query.offset > 0 else { return }
            buffer.writeInteger(UInt8(ascii: "?"))
            lend(exchange.query)
        case .route: buffer.writeBytes(exchange.plan.nameBytes)
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
