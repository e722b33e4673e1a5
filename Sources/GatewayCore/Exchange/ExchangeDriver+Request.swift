import GatewayHTTP
import GatewayHTTP1
import GatewaySettings
import GatewayTLS
package import NIOCore

/// Step 1: identifies the client of a request and finds its route.
extension ExchangeDriver {
    /// Begins the exchange for a request whose head was read into ``Exchange/request``. The stream delivers its body
    /// later.
    ///
    /// - Parameters:
    ///   - peer: The address at the other end of the connection.
    ///   - isTrusted: Whether the peer is a trusted proxy, whose forwarding fields identify the client.
    ///   - start: When the first byte of the request was received.
    ///   - isExtendedConnect: Whether the request is an extended CONNECT for a WebSocket (RFC 8441). Its head has the
    ///     method GET and no fields about the connection.
    package func begin(
        from client: any ClientStream,
        at peer: ClientAddress,
        isTrusted: Bool,
        since start: NIODeadline,
        isExtendedConnect: Bool = false
    ) {
        let exchange = self.exchange
        exchange.reset(client: client, at: self.worker.now, since: start)
        self.identifyClient(peer: peer, trusted: isTrusted)
        self.takeRoute()
        if exchange.plan.forwarding.acceptsWebSockets || isExtendedConnect { self.takeUpgrade(isExtendedConnect) }
        ForwardedFields.cleanRequest(exchange)
        self.descend()
    }

    /// Begins the exchange for a request that could not be read or was not read. It runs the chain for requests
    /// without a route and answers with the error.
    func refuse(
        _ error: GatewayError,
        from client: any ClientStream,
        at peer: ClientAddress,
        since start: NIODeadline
    ) {
        let exchange = self.exchange
        exchange.rawPath = .empty
        exchange.plan = self.worker.table.unrouted
        exchange.reset(client: client, at: self.worker.now, since: start)
        // The head may be malformed, so do not trust its forwarding fields.
        self.identifyClient(peer: peer, trusted: false)
        exchange.refusal = Exchange.Refusal(error)
        self.descend()
    }

    /// Drops forged fields, splits the request target (RFC 9112 section 3.2), normalizes its path, and finds the
    /// plan. If there is none, the exchange runs the chain of `_none` and is refused.
    func takeRoute() {
        let exchange = self.exchange
        ForwardedFields.removeForged(exchange)
        if let certificate = exchange.clientCertificate {
            exchange.request.headers.set(HeaderName(.clientCert), certificate.field)
        }
        let table: RoutingTable = self.worker.table
        var hasEncodedSlash = false
        if let refusal = self.splitTarget() ?? self.normalizePath(&hasEncodedSlash) ?? self.misdirection {
            exchange.plan = table.unrouted
            exchange.refusal = refusal
            return
        }
        if self.worker.shared.isOverloaded, !table.isExposed(exchange) {
            exchange.plan = table.unrouted
            exchange.refusal = Exchange.Refusal(.outOfMemory)
            return
        }
        if let redirect = table.httpsRedirect, !exchange.isSecure, !table.servesPlainly(exchange) {
            exchange.plan = redirect
            return
        }
        if exchange.request.method == .options, let (plan, kind) = table.preflight(exchange) {
            exchange.plan = plan
            exchange.crossOrigin.preflight = kind
            return
        }
        let result = table.route(exchange)
        if hasEncodedSlash, table.isAmbiguous(exchange, result) {
            exchange.plan = table.unrouted
            exchange.refusal = Exchange.Refusal(.ambiguousPath)
            return
        }
        switch result {
        case .found(let plan, _): exchange.plan = plan
        case .methodNotAllowed(let allow):
            var error = GatewayError(.methodNotAllowed)
            error.allow = allow
            exchange.plan = table.unrouted
            exchange.refusal = Exchange.Refusal(error)
        case .notFound:
            exchange.plan = table.unrouted
            exchange.refusal = Exchange.Refusal(GatewayError(.notFound))
        }
    }

    private func splitTarget() -> Exchange.Refusal? {
        let exchange = self.exchange
        let path = exchange.request.pathAndQuery
        var end = 0
        exchange.request.headers.withBytes(path) { bytes in
            while end < bytes.count, bytes[end] != UInt8(ascii: "?") { end &+= 1 }
        }
        exchange.rawPath = ByteRange(offset: path.offset, count: end)
        exchange.query =
            end < path.count ? ByteRange(offset: path.offset + end + 1, count: path.count - end - 1) : .empty
        switch exchange.request.method {
        case .connect, .trace:
            exchange.path = .empty
            var error = GatewayError(.methodNotAllowed)
            error.allow = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"
            return Exchange.Refusal(error)
        // `OPTIONS *` applies to the server as a whole and not to a path, as does an absolute target without path and
        // query (RFC 9112 section 3.2.4).
        case .options where path.isEmpty || exchange.request.headers.equals(exchange.rawPath, "*"):
            exchange.path = .empty
            return Exchange.Refusal(GatewayError(.notFound))
        default: return nil
        }
    }

    /// The refusal of an `https` URL on a connection that neither the gateway nor a trusted proxy secures, or nil (RFC
    /// 9110 section 7.4).
    private var misdirection: Exchange.Refusal? {
        let exchange = self.exchange
        if let tls = exchange.client?.tls, tls.isStrict { return self.misdirection(on: tls) }
        guard exchange.request.isTargetHTTPS, !exchange.isSecure, !exchange.isFromTrustedPeer else { return nil }
        let detail = "This connection is not secured, so it does not serve https URLs."
        return Exchange.Refusal(GatewayError(.misdirectedRequest, detail: detail))
    }

    /// A client may send requests for other hosts than the one that it asked for in the handshake (RFC 9110 section 7.4).
    private func misdirection(on tls: TLSSession) -> Exchange.Refusal? {
        let host = self.exchange.request.headers.withBytes(self.exchange.request.host) {
            String(decoding: $0, as: UTF8.self).lowercased()
        }
        guard !host.isEmpty, let (name, _) = HostAndPort.parse(host, rooted: true) else { return nil }
        if tls.serves(name.hasSuffix(".") ? name.dropLast() : name[...]) { return nil }
        let detail = "This connection's certificate is not for the requested host."
        return Exchange.Refusal(GatewayError(.misdirectedRequest, detail: detail))
    }

    private func normalizePath(_ hasEncodedSlash: inout Bool) -> Exchange.Refusal? {
        let exchange = self.exchange
        let outcome = exchange.request.headers.withBytes(exchange.rawPath) {
            PathNormalizer.normalize($0, into: &self.worker.normalizedPath, &hasEncodedSlash)
        }
        switch outcome {
        case .unchanged: exchange.path = exchange.rawPath
        case .rewritten:
            exchange.path = exchange.request.headers.store { $0.write(self.worker.normalizedPath) }
        case .invalid(let reason):
            exchange.path = .empty
            return Exchange.Refusal(
                GatewayError(.badRequest, detail: "The path is malformed.", reason: "path: \(reason)")
            )
        }
        return nil
    }

    /// Determines the client: the peer, or the client that trusted proxies report.
    func identifyClient(peer: ClientAddress, trusted: Bool) {
        let exchange = self.exchange
        exchange.clientAddress = peer
        exchange.isFromTrustedPeer = trusted
        guard trusted else { return }
        switch self.worker.settings.trustedProxies.client(in: exchange.request.headers) {
        case .none: exchange.forwardedOrigin = ForwardedOrigin(in: &exchange.request.headers, nil)
        case .named(let element, let address):
            exchange.clientAddress = address
            exchange.forwardedOrigin = ForwardedOrigin(in: &exchange.request.headers, element)
        case .unnamed(let element, let proxy):
            exchange.clientAddress = (proxy ?? peer).withoutIP
            exchange.forwardedOrigin = ForwardedOrigin(in: &exchange.request.headers, element)
        }
        ForwardedElement.removeUnread(from: &exchange.request.headers)
    }
}

/// The request as routing sees it. Valid only for the duration of one call.
struct RequestView: RoutedRequest {
    var method: UnsafeRawBufferPointer
    let host: UnsafeRawBufferPointer
    var path: UnsafeRawBufferPointer
    let query: UnsafeRawBufferPointer
    private let bytes: UnsafeRawBufferPointer
    private let fields: ContiguousArray<HeaderBlock.Field>

    init(_ exchange: Exchange, _ bytes: UnsafeRawBufferPointer) {
        func slice(_ range: ByteRange) -> UnsafeRawBufferPointer {
            UnsafeRawBufferPointer(rebasing: bytes[range.offset..<range.end])
        }
        self.method = slice(exchange.request.methodName)
        self.host = slice(exchange.request.host)
        self.path = slice(exchange.path)
        self.query = slice(exchange.query)
        self.bytes = bytes
        self.fields = exchange.request.headers.fields
    }

    func satisfies(_ condition: HeaderCondition) -> Bool {
        for field in self.fields {
            let name = UnsafeRawBufferPointer(rebasing: self.bytes[field.name.offset..<field.name.end])
            let value = UnsafeRawBufferPointer(rebasing: self.bytes[field.value.offset..<field.value.end])
            if condition.accepts(name: name, value: value) { return true }
        }
        return false
    }
}
