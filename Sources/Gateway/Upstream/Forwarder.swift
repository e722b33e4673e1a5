import GatewayHTTP1
import NIOCore

/// Writes a request for an upstream: anew from its parsed parts, with the fields that say who asked and how.
struct Forwarder {
    /// `Via` (RFC 9110 section 7.6.3) by the received version.
    private static let via: StaticString = "Via: 1.1 gateway\r\n"

    let style: ForwardedStyle

    func writeHead(of exchange: Exchange, to target: UpstreamTarget, into buffer: inout ByteBuffer) {
        let forwarding = exchange.plan.forwarding
        buffer.writeRequestLine(exchange.request) { Self.writePath(of: exchange, into: &$0) }
        buffer.writeStaticString("Host: ")
        if forwarding.preservesHost, !exchange.request.host.isEmpty {
            exchange.request.headers.withBytes(exchange.request.host) { _ = buffer.writeBytes($0) }
        } else {
            buffer.writeBytes(target.authority)
        }
        buffer.writeLineEnd()
        let known = exchange.takeForwardingFields()
        buffer.writeFields(exchange.request.headers)
        self.writeForwarding(of: exchange, known, into: &buffer)
        if exchange.request.framing == .chunked { buffer.writeField("Transfer-Encoding", "chunked") }
        if exchange.acceptsTrailers { buffer.writeStaticString("TE: trailers\r\nConnection: TE\r\n") }
        buffer.writeLineEnd()
    }

    /// The path and query that the upstream gets, rewritten as the route says.
    static func writePath(of exchange: Exchange, into buffer: inout ByteBuffer) {
        let forwarding = exchange.plan.forwarding
        exchange.request.headers.withBytes(forwarding.sendsOriginalPath ? exchange.rawPath : exchange.path) { path -> Void in
            if let rewrite = forwarding.rewrite {
                exchange.request.headers.withBytes(exchange.path) { rewrite.write(into: &buffer, path: $0, captures: exchange.captures) }
            } else if forwarding.stripPrefix.bytes.isEmpty {
                _ = path.isEmpty ? buffer.writeInteger(UInt8(ascii: "/")) : buffer.writeBytes(path)
            } else {
                forwarding.stripPrefix.write(into: &buffer, path: path)
            }
        }
        // An empty query is another resource than none (RFC 3986 section 6.2.3); a query never stands at the start.
        guard exchange.query.offset > 0 else { return }
        buffer.writeInteger(UInt8(ascii: "?"))
        exchange.request.headers.withBytes(exchange.query) { _ = buffer.writeBytes($0) }
    }

    private func writeForwarding(
        of exchange: Exchange,
        _ known: ForwardingFields,
        into buffer: inout ByteBuffer
    ) {
        let scheme = exchange.client?.scheme ?? "http"
        if known.via.isEmpty {
            buffer.writeStaticString(exchange.request.minorVersion == 1 ? Self.via : "Via: 1.0 gateway\r\n")
        } else {
            buffer.writeStaticString("Via: ")
            exchange.request.headers.withBytes(known.via) { _ = buffer.writeBytes($0) }
            buffer.writeStaticString(exchange.request.minorVersion == 1 ? ", 1.1 gateway\r\n" : ", 1.0 gateway\r\n")
        }
        if self.style != .rfc7239 {
            buffer.writeStaticString("X-Forwarded-For: ")
            if !known.xForwardedFor.isEmpty {
                exchange.request.headers.withBytes(known.xForwardedFor) { _ = buffer.writeBytes($0) }
                buffer.writeStaticString(", ")
            }
            buffer.writeBytes(exchange.peer.text)
            buffer.writeLineEnd()
            if !known.hasProto {
                buffer.writeStaticString("X-Forwarded-Proto: ")
                buffer.writeStaticString(scheme)
                buffer.writeLineEnd()
            }
            if !known.hasHost, !exchange.request.host.isEmpty {
                buffer.writeStaticString("X-Forwarded-Host: ")
                exchange.request.headers.withBytes(exchange.request.host) { _ = buffer.writeBytes($0) }
                buffer.writeLineEnd()
            }
            if !known.hasPort {
                buffer.writeStaticString("X-Forwarded-Port: ")
                exchange.request.headers.withBytes(exchange.request.host) { Self.writePort(of: $0, into: &buffer) }
                buffer.writeLineEnd()
            }
        }
        if self.style != .xForwarded { self.writeForwarded(of: exchange, known, scheme, into: &buffer) }
    }

    /// The port that the client named in Host, else the scheme's.
    private static func writePort(of host: UnsafeRawBufferPointer, into buffer: inout ByteBuffer) {
        var start = host.count
        while start > 0, host[start - 1] &- UInt8(ascii: "0") < 10 { start -= 1 }
        if start > 0, start < host.count, host[start - 1] == UInt8(ascii: ":") {
            buffer.writeBytes(UnsafeRawBufferPointer(rebasing: host[start...]))
        } else {
            buffer.writeStaticString("80")
        }
    }

    /// `Forwarded` (RFC 7239 section 4).
    private func writeForwarded(
        of exchange: Exchange,
        _ known: ForwardingFields,
        _ scheme: StaticString,
        into buffer: inout ByteBuffer
    ) {
        buffer.writeStaticString("Forwarded: ")
        if !known.forwarded.isEmpty {
            exchange.request.headers.withBytes(known.forwarded) { _ = buffer.writeBytes($0) }
            buffer.writeStaticString(", ")
        }
        let isIPv6 = exchange.peer.ip?.isIPv6 ?? false
        buffer.writeStaticString(isIPv6 ? "for=\"[" : "for=")
        buffer.writeBytes(exchange.peer.text)
        buffer.writeStaticString(isIPv6 ? "]\";proto=" : ";proto=")
        buffer.writeStaticString(scheme)
        if !exchange.request.host.isEmpty {
            buffer.writeStaticString(";host=\"")
            exchange.request.headers.withBytes(exchange.request.host) { _ = buffer.writeBytes($0) }
            buffer.writeStaticString("\"")
        }
        buffer.writeLineEnd()
    }
}

/// What proxies before us have said, taken out of the request so that it can be continued.
struct ForwardingFields {
    var via = ByteRange.empty
    var xForwardedFor = ByteRange.empty
    var forwarded = ByteRange.empty
    var hasProto = false
    var hasHost = false
    var hasPort = false
}

extension Exchange {
    /// Who the connection is from: what is added to `X-Forwarded-For`.
    var peer: ClientAddress { self.client?.peer ?? self.clientAddress }

    /// Takes the fields out of the request that the forwarder writes itself. A second try finds them again.
    func takeForwardingFields() -> ForwardingFields {
        var known = self.forwardingFields ?? ForwardingFields()
        guard self.forwardingFields == nil else { return known }
        var hasLists = false
        for field in self.request.headers.fields {
            switch field.id {
            case .xForwardedProto: known.hasProto = true
            case .xForwardedHost: known.hasHost = true
            case .xForwardedPort: known.hasPort = true
            case .via, .xForwardedFor, .forwarded: hasLists = true
            default: break
            }
        }
        if hasLists {
            known.via = self.joined(.via)
            known.xForwardedFor = self.joined(.xForwardedFor)
            known.forwarded = self.joined(.forwarded)
        }
        self.request.headers.removeAll { _, field in
            switch field.id {
            case .host, .via, .xForwardedFor, .forwarded: true
            default: false
            }
        }
        self.forwardingFields = known
        return known
    }

    /// All lines of a list field as one value (RFC 9110 section 5.3).
    private func joined(_ id: FieldID) -> ByteRange {
        let lines = self.request.headers.fields.filter { $0.id == id && !$0.value.isEmpty }
        guard let first = lines.first else { return .empty }
        guard lines.count > 1 else { return first.value }
        let values = lines.map { line in self.request.headers.withBytes(line.value) { Array($0) } }
        return self.request.headers.store { buffer in
            for (index, value) in values.enumerated() {
                if index > 0 { buffer.writeStaticString(", ") }
                buffer.writeBytes(value)
            }
        }
    }
}
