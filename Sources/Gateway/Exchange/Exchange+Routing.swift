import GatewayHTTP
import GatewayHTTP1
import NIOCore

extension Exchange {
    /// Drops what the client has made up, takes the request target apart (RFC 9112 section 3.2), normalises its path once,
    /// and finds the plan. Where there is none, the exchange goes through the chain of `_none` to a refusal.
    func takeRoute() {
        ForwardedFields.removeForged(self)
        let table: RoutingTable = self.worker.table
        var hasEncodedSlash = false
        if let refusal = self.splitTarget() ?? self.normalizePath(&hasEncodedSlash) ?? self.misdirection {
            self.plan = table.unrouted
            self.refusal = refusal
            return
        }
        let result = table.route(self)
        if hasEncodedSlash, table.isAmbiguous(self, result) {
            self.plan = table.unrouted
            self.refusal = Refusal(.ambiguousPath)
            return
        }
        switch result {
        case .found(let plan, _): self.plan = plan
        case .methodNotAllowed(let allow):
            var error = GatewayError(.methodNotAllowed)
            error.allow = allow
            self.plan = table.unrouted
            self.refusal = Refusal(error)
        case .notFound:
            self.plan = table.unrouted
            self.refusal = Refusal(GatewayError(.notFound))
        }
    }

    private func splitTarget() -> Refusal? {
        let path = self.request.pathAndQuery
        var end = 0
        self.request.headers.withBytes(path) { bytes in
            while end < bytes.count, bytes[end] != UInt8(ascii: "?") { end &+= 1 }
        }
        self.rawPath = ByteRange(offset: path.offset, count: end)
        self.query = end < path.count ? ByteRange(offset: path.offset + end + 1, count: path.count - end - 1) : .empty
        switch self.request.method {
        case .connect, .trace:
            self.path = .empty
            var error = GatewayError(.methodNotAllowed)
            error.allow = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"
            return Refusal(error)
        // `OPTIONS *` asks about the server and no path of it, as does an absolute target without a path and a query
        // (RFC 9112 section 3.2.4).
        case .options where path.isEmpty || self.request.headers.equals(self.rawPath, "*"):
            self.path = .empty
            return Refusal(GatewayError(.notFound))
        default: return nil
        }
    }

    /// RFC 9110 section 7.4: an `https` URL is served on a connection that is secured, or that a trusted proxy secures.
    private var misdirection: Refusal? {
        guard self.request.isTargetHTTPS, !self.isSecure, !self.isFromTrustedPeer else { return nil }
        let detail = "This connection is not secured, so it does not serve https URLs."
        return Refusal(GatewayError(.misdirectedRequest, detail: detail))
    }

    private func normalizePath(_ hasEncodedSlash: inout Bool) -> Refusal? {
        let outcome = self.request.headers.withBytes(self.rawPath) {
            PathNormalizer.normalize($0, into: &self.worker.normalizedPath, &hasEncodedSlash)
        }
        switch outcome {
        case .unchanged: self.path = self.rawPath
        case .rewritten:
            self.path = self.request.headers.store { $0.write(self.worker.normalizedPath) }
        case .invalid(let reason):
            self.path = .empty
            return Refusal(GatewayError(.badRequest, detail: "The path is malformed.", reason: "path: \(reason)"))
        }
        return nil
    }

    /// The client is the peer, or whom a chain of trusted proxies names.
    func identifyClient(peer: ClientAddress, trusted: Bool) {
        self.clientAddress = peer
        self.isFromTrustedPeer = trusted
        guard trusted else { return }
        switch self.worker.settings.trustedProxies.client(in: self.request.headers) {
        case .none: self.readForwardedOrigin(nil)
        case .named(let element, let address):
            self.clientAddress = address
            self.readForwardedOrigin(element)
        case .unnamed(let element, let proxy):
            self.clientAddress = (proxy ?? peer).withoutIP
            self.readForwardedOrigin(element)
        }
        ForwardedElement.removeUnread(from: &self.request.headers)
    }
}

/// What routing sees of an exchange, for the length of one call.
struct RequestView: RoutedRequest {
    let method: UnsafeRawBufferPointer
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
