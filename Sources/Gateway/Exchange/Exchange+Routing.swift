import GatewayHTTP1
import NIOCore

extension Exchange {
    /// Takes the request target apart (RFC 9112 section 3.2), normalises its path once, and finds the plan. Where there
    /// is none, the exchange goes through the chain of `_none` to a refusal.
    func route() {
        let table = self.worker.table
        self.plan = table.unrouted
        if let error = self.splitTarget() ?? self.normalizePath() {
            self.refusal = error
            return
        }
        if let exposed = table.exposed, case .found(let plan, _) = exposed.route(RequestView.self, of: self) {
            self.plan = plan
            return
        }
        switch table.router.route(RequestView.self, of: self) {
        case .found(let plan, _): self.plan = plan
        case .methodNotAllowed(let allow):
            self.refusal = GatewayError(.methodNotAllowed)
            self.refusal?.allow = allow
        case .notFound: self.refusal = GatewayError(.notFound)
        }
    }

    private func splitTarget() -> GatewayError? {
        let target = self.request.target
        self.query = .empty
        self.rawPath = target
        switch self.request.method {
        case .connect, .trace:
            var error = GatewayError(.methodNotAllowed)
            error.allow = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"
            return error
        default: break
        }
        var start = 0
        var authority: Range<Int>?
        var end = 0
        var isAsterisk = false
        self.request.headers.withBytes(target) { bytes in
            if bytes.first != UInt8(ascii: "/") {
                isAsterisk = bytes.count == 1 && bytes[0] == UInt8(ascii: "*")
                authority = Self.authority(of: bytes)
                start = authority?.upperBound ?? 0
            }
            end = start
            while end < bytes.count, bytes[end] != UInt8(ascii: "?") { end &+= 1 }
        }
        self.rawPath = ByteRange(offset: target.offset + start, count: end - start)
        if end < target.count {
            self.query = ByteRange(offset: target.offset + end + 1, count: target.count - end - 1)
        }
        guard let authority else {
            guard isAsterisk else { return nil }
            return self.request.method == .options ? GatewayError(.notFound) : GatewayError(.badRequest)
        }
        // RFC 9112 section 3.2.2: the authority of an absolute-form target takes the place of Host.
        let host = ByteRange(offset: target.offset + authority.lowerBound, count: authority.count)
        guard self.request.headers.withBytes(host, ByteClass.isAuthority) else { return GatewayError(.badRequest) }
        self.request.host = host
        return nil
    }

    /// Where the authority stands in `http://authority/path`.
    private static func authority(of target: UnsafeRawBufferPointer) -> Range<Int>? {
        for scheme in ["http://", "https://"] as [StaticString] {
            let count = scheme.utf8CodeUnitCount
            guard target.count > count,
                UnsafeRawBufferPointer(rebasing: target[..<count]).elementsEqualIgnoringCase(scheme)
            else { continue }
            var end = count
            while end < target.count, target[end] != UInt8(ascii: "/"), target[end] != UInt8(ascii: "?") { end += 1 }
            return count..<end
        }
        return nil
    }

    private func normalizePath() -> GatewayError? {
        let outcome = self.request.headers.withBytes(self.rawPath) {
            PathNormalizer.normalize($0, into: &self.worker.normalizedPath)
        }
        switch outcome {
        case .unchanged: self.path = self.rawPath
        case .rewritten:
            self.path = self.request.headers.store { $0.writeBytes(self.worker.normalizedPath) }
        case .invalid(let reason):
            self.path = .empty
            return GatewayError(.badRequest, detail: "The path is malformed.", reason: "path: \(reason)")
        }
        return nil
    }

    /// The client is the peer, or whom a chain of trusted proxies names.
    func identifyClient(peer: ClientAddress, trusted: Bool) {
        self.clientAddress = peer
        self.isFromTrustedPeer = trusted
        guard trusted else { return }
        if let named = self.worker.shared.clientNamed(by: self.request.headers) { self.clientAddress = named }
    }
}

extension Router where Plan == RoutePlan {
    func route(_: RequestView.Type, of exchange: Exchange) -> Result {
        exchange.request.headers.bytes.withUnsafeReadableBytes { bytes in
            let view = RequestView(exchange, bytes)
            return self.route(view, captures: &exchange.captures)
        }
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
