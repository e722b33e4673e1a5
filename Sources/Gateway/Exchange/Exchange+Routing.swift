import GatewayHTTP1
import NIOCore

extension Exchange {
    /// Drops what the client has made up, takes the request target apart (RFC 9112 section 3.2), normalises its path once,
    /// and finds the plan. Where there is none, the exchange goes through the chain of `_none` to a refusal.
    func takeRoute() {
        ForwardedFields.removeForged(self)
        let table: RoutingTable = self.worker.table
        if let refusal = self.splitTarget() ?? self.normalizePath() {
            self.plan = table.unrouted
            self.refusal = refusal
            return
        }
        switch table.route(self) {
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
            return Refusal(GatewayError(.notFound))
        default: return nil
        }
    }

    private func normalizePath() -> Refusal? {
        let outcome = self.request.headers.withBytes(self.rawPath) {
            PathNormalizer.normalize($0, into: &self.worker.normalizedPath)
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
        let found = self.worker.shared.elementOfClient(in: self.request.headers)
        if let (_, address) = found { self.clientAddress = address }
        self.readForwardedOrigin(found?.0)
    }
}

/// What routing sees of an exchange, for the length of one call.
struct RequestView: RoutedRequest {
    let method: UnsafeRawBufferPointer
    let host: UnsafeRawBufferPointer
    let path: UnsafeRawBufferPointer
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
