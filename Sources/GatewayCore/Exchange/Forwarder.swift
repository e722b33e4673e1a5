import GatewayHTTP
import GatewayHTTP1
import GatewaySettings
import NIOCore

/// Writes a request head for an upstream from its parsed parts, and adds the forwarding fields.
struct Forwarder {
    /// The `Via` field (RFC 9110 section 7.6.3) for a request received over HTTP/1.1.
    private static let via: StaticString = "Via: 1.1 gateway\r\n"

    let style: ForwardedStyle

    /// - Parameter target: Nil for an upstream in this process.
    func writeHead(of exchange: Exchange, for target: UpstreamTarget?, into buffer: inout ByteBuffer) {
        let known = exchange.takeForwardingFields()
        let path = Self.forwardedPath(of: exchange)
        exchange.beginTrySpan()
        buffer.writeHead(room: exchange.request.headers.bytes.readableBytes + 512) { output in
            output.write(exchange.request.methodName, of: exchange.request.headers)
            output.write(UInt8(ascii: " "))
            output.write(path, of: exchange.request.headers)
            output.write(" HTTP/1.1\r\nHost: ")
            if exchange.plan.forwarding.preserveHost.applies(to: target), !exchange.request.host.isEmpty {
                output.write(exchange.request.host, of: exchange.request.headers)
            } else if let target {
                output.write(target.authority)
            } else {
                output.write("localhost")
            }
            output.writeLineEnd()
            output.writeFields(exchange.request.headers, except: .host)
            self.writeForwarding(of: exchange, known, into: &output)
            self.writeTimeout(of: exchange, into: &output)
            if exchange.request.framing.isChunked { output.write("Transfer-Encoding: chunked\r\n") }
            if exchange.upgrade != nil {
                output.write("Connection: Upgrade\r\nUpgrade: websocket\r\n")
            } else if exchange.acceptsTrailers {
                output.write("TE: trailers\r\nConnection: TE\r\n")
            }
            output.writeLineEnd()
        }
    }

    /// Returns the range of the upstream's path and query in the request's header block. Stores them there first if the
    /// route or normalization has changed them.
    static func forwardedPath(of exchange: Exchange) -> ByteRange {
        let forwarding = exchange.plan.forwarding
        let path = forwarding.sendsOriginalPath ? exchange.rawPath : exchange.path
        let isAsSent = path == exchange.rawPath && !path.isEmpty
        if isAsSent, forwarding.rewrite == nil, forwarding.stripPrefix.bytes.isEmpty {
            return exchange.request.pathAndQuery
        }
        var buffer = exchange.worker.takeBuffer()
        self.writePath(of: exchange, into: &buffer)
        let range = exchange.request.headers.store(room: buffer.readableBytes) { $0.write(buffer) }
        exchange.worker.giveBack(buffer)
        return range
    }

    /// Writes the path and query for the upstream, rewritten as the route specifies.
    static func writePath(of exchange: Exchange, into buffer: inout ByteBuffer) {
        let forwarding = exchange.plan.forwarding
        exchange.request.headers.withBytes(forwarding.sendsOriginalPath ? exchange.rawPath : exchange.path) {
            path -> Void in
            if let rewrite = forwarding.rewrite {
                exchange.request.headers.withBytes(exchange.path) {
                    rewrite.write(into: &buffer, path: $0, captures: exchange.captures)
                }
            } else if forwarding.stripPrefix.bytes.isEmpty {
                _ = path.isEmpty ? buffer.writeInteger(UInt8(ascii: "/")) : buffer.writeBytes(path)
            } else {
                forwarding.stripPrefix.write(into: &buffer, path: path)
            }
        }
        // An empty query differs from no query (RFC 3986 section 6.2.3). The offset of a query is never 0.
        guard exchange.query.offset > 0 else { return }
        buffer.writeInteger(UInt8(ascii: "?"))
        exchange.request.headers.withBytes(exchange.query) { _ = buffer.writeBytes($0) }
    }

    func writeForwarding(
        of exchange: Exchange,
        _ known: ForwardingFields,
        into output: inout HeadWriter
    ) {
        if known.via.isEmpty, !exchange.request.isHTTP2, exchange.request.minorVersion == 1 {
            output.write(Self.via)
        } else {
            output.write("Via: ")
            if !known.via.isEmpty {
                output.write(known.via, of: exchange.request.headers)
                output.write(", ")
            }
            output.write(exchange.request.isHTTP2 ? "2" : exchange.request.minorVersion == 1 ? "1.1" : "1.0")
            output.write(" gateway\r\n")
        }
        if self.style != .rfc7239 {
            output.write("X-Forwarded-For: ")
            if !known.xForwardedFor.isEmpty {
                output.write(known.xForwardedFor, of: exchange.request.headers)
                output.write(", ")
            } else if exchange.isNamedByPeer {
                output.write(exchange.clientAddress.text)
                output.write(", ")
            }
            output.write(exchange.peer.text)
            output.writeLineEnd()
            if !known.hasProto {
                output.write("X-Forwarded-Proto: ")
                output.write(exchange.clientScheme)
                output.writeLineEnd()
            }
            let host = exchange.clientHost
            if !known.hasHost, !host.isEmpty {
                output.write("X-Forwarded-Host: ")
                output.write(host, of: exchange.request.headers)
                output.writeLineEnd()
            }
            if !known.hasPort {
                output.write("X-Forwarded-Port: ")
                let schemePort: StaticString = exchange.isSecure ? "443" : "80"
                exchange.request.headers.withBytes(host) { Self.writePort(of: $0, else: schemePort, into: &output) }
                output.writeLineEnd()
            }
        }
        if self.style != .xForwarded { self.writeForwarded(of: exchange, known, into: &output) }
    }

    /// Writes the time that is left for the exchange, if it is limited.
    private func writeTimeout(of exchange: Exchange, into output: inout HeadWriter) {
        guard exchange.deadlines.total != nil else { return }
        output.write("X-Request-Timeout-Ms: ")
        let left = (exchange.deadlines.end - exchange.worker.now).nanoseconds / 1_000_000
        output.write(decimal: Int(max(1, left)))
        output.writeLineEnd()
        guard exchange.isGRPC else { return }
        output.write("grpc-timeout: ")
        GRPCTimeout.write(exchange.deadlines.end - exchange.worker.now, into: &output)
        output.writeLineEnd()
    }

    /// Writes the port in the client's `Host`, or the default port of the scheme.
    private static func writePort(
        of host: UnsafeRawBufferPointer,
        else schemePort: StaticString,
        into output: inout HeadWriter
    ) {
        var start = host.count
        while start > 0, host[start - 1] &- UInt8(ascii: "0") < 10 { start -= 1 }
        if start > 0, start < host.count, host[start - 1] == UInt8(ascii: ":") {
            output.write(UnsafeRawBufferPointer(rebasing: host[start...]))
        } else {
            output.write(schemePort)
        }
    }

    /// Writes `Forwarded` (RFC 7239 section 4).
    private func writeForwarded(
        of exchange: Exchange,
        _ known: ForwardingFields,
        into output: inout HeadWriter
    ) {
        func writeElement(_ node: ClientAddress, _ scheme: StaticString, _ host: ByteRange) {
            let isIPv6 = node.ip?.isIPv6 ?? false
            output.write(isIPv6 ? "for=\"[" : "for=")
            output.write(node.text)
            output.write(isIPv6 ? "]\";proto=" : ";proto=")
            output.write(scheme)
            guard !host.isEmpty else { return }
            output.write(";host=\"")
            output.write(host, of: exchange.request.headers)
            output.write("\"")
        }
        output.write("Forwarded: ")
        if !known.forwarded.isEmpty {
            output.write(known.forwarded, of: exchange.request.headers)
            output.write(", ")
        } else if exchange.isNamedByPeer {
            writeElement(exchange.clientAddress, exchange.clientScheme, exchange.clientHost)
            output.write(", ")
        }
        writeElement(exchange.peer, exchange.client?.scheme ?? "http", exchange.request.host)
        output.writeLineEnd()
    }
}

/// The forwarding fields of earlier proxies, removed from the request so that the forwarder can extend them.
struct ForwardingFields {
    var via = ByteRange.empty
    var xForwardedFor = ByteRange.empty
    var forwarded = ByteRange.empty
    var hasProto = false
    var hasHost = false
    var hasPort = false

    /// The list fields to which each proxy appends a member.
    fileprivate static let lists: FieldSet = [.via, .xForwardedFor, .forwarded]
}

extension Exchange {
    /// The peer of the connection, which is appended to `X-Forwarded-For`.
    package var peer: ClientAddress { self.client?.peer ?? self.clientAddress }

    /// Whether a trusted peer reported the client. The client is then written in the other style of fields too.
    fileprivate var isNamedByPeer: Bool { self.isFromTrustedPeer && self.clientAddress.text != self.peer.text }

    /// Removes the fields that the forwarder writes from the request and returns them. A retry gets the same fields.
    func takeForwardingFields() -> ForwardingFields {
        var known = self.forwardingFields ?? ForwardingFields()
        guard self.forwardingFields == nil else { return known }
        let present = self.request.headers.present
        known.hasProto = self.request.headers.contains(.xForwardedProto)
        known.hasHost = self.request.headers.contains(.xForwardedHost)
        known.hasPort = self.request.headers.contains(.xForwardedPort)
        if present.intersects(ForwardingFields.lists) {
            known.via = self.request.headers.joined(.via)
            known.xForwardedFor = self.request.headers.joined(.xForwardedFor)
            known.forwarded = self.request.headers.joined(.forwarded)
            self.request.headers.removeAll { _, field in
                switch field.id {
                case .via, .xForwardedFor, .forwarded: true
                default: false
                }
            }
        }
        if self.deadlines.total != nil {
            self.request.headers.remove(.xRequestTimeoutMS)
            if self.isGRPC { self.request.headers.removeAll(GRPCTimeout.field) }
        }
        self.forwardingFields = known
        return known
    }
}
