import GatewayHTTP
import GatewayHTTP1
import NIOCore

/// Which fields end at this hop (RFC 9110 section 7.6.1), and which a client may not make up.
enum ForwardedFields {
    private static let hopByHop = FieldID.allCases.filter(\.isHopByHop).reduce(into: FieldSet()) { $0.insert($1) }
    /// What makes a closer look at a request necessary.
    private static let ofRequests = hopByHop.union([.maxForwards, .expect])
    private static let forgeable: FieldSet = [
        .unknown, .xForwardedFor, .xForwardedHost, .xForwardedPort, .xForwardedProto, .xRealIP, .forwarded, .xCSPNonce,
        .xRequestTimeoutMS,
    ]

    /// Takes out of a request what its client has made up, before anybody routes by it.
    static func removeForged(_ exchange: Exchange) {
        guard exchange.request.headers.present.intersects(self.forgeable) else { return }
        let isTrusted = exchange.isFromTrustedPeer
        exchange.request.headers.removeAll { block, field in
            self.resemblesAnother(field, in: block) || !isTrusted && self.isForwarding(field, in: block)
        }
    }

    /// Takes out of a request what must not reach the chain or the upstream.
    static func cleanRequest(_ exchange: Exchange) {
        let isNamed = exchange.request.connectionNamesFields
        guard isNamed || exchange.request.headers.present.intersects(self.ofRequests) else { return }
        exchange.acceptsTrailers = exchange.request.headers.contains("trailers", in: .te)
        let named = isNamed ? self.fieldsNamedByConnection(exchange.request.headers) : []
        if !named.isEmpty { exchange.fieldsNamedByRequest = named }
        let keepsTrailer = exchange.request.framing.isChunked
        exchange.request.headers.removeAll { block, field in
            if field.id.isHopByHop, field.id != .trailer || !keepsTrailer { return true }
            return !named.isEmpty && self.isNamed(field, by: named, in: block)
        }
        exchange.request.headers.rewriteTrailer { self.cleanTrailers(of: exchange, $0) }
        // RFC 9110 section 10.1.1: it cannot be meant, and would go on as a client's that can wait.
        if exchange.request.minorVersion == 0 { exchange.request.headers.remove(.expect) }
        self.countDown(exchange)
    }

    /// `Max-Forwards` (RFC 9110 section 7.6.2), which means something for OPTIONS alone: TRACE goes nowhere anyway. What is
    /// no row of digits is not looked at; of what is too large, the largest number is taken.
    private static func countDown(_ exchange: Exchange) {
        guard exchange.request.method == .options, let value = exchange.request.headers.first(.maxForwards),
            let hops = Int(clampingDigits: exchange.request.headers.string(value))
        else { return }
        exchange.isLastHop = hops == 0
        if hops > 0 { exchange.request.headers.set(HeaderName(.maxForwards), Array(String(hops - 1).utf8)) }
    }

    /// The trailers of a request without what its head could not have passed on, whoever sent it. Of the fields that the
    /// gateway knows, none means anything there.
    static func cleanTrailers(of exchange: Exchange, _ trailers: TrailerSection) -> TrailerSection? {
        trailers.removing { block, field in
            field.id != .unknown || self.resemblesAnother(field, in: block) || self.isForwarding(field, in: block)
                || self.isNamed(field, by: exchange.fieldsNamedByRequest, in: block)
                || self.isNamed(field, by: exchange.plan.owned.request, in: block)
        }
    }

    /// The trailers of a response without what belongs in its head, what its `Connection` named, and what they say of bytes
    /// that the gateway has changed.
    static func cleanResponseTrailers(of exchange: Exchange, _ trailers: TrailerSection) -> TrailerSection? {
        let isChanged = exchange.responseBody.pipeline != nil
        return trailers.removing { block, field in
            if isChanged, field.id == .etag || IntegrityFields.contain(field, in: block) { return true }
            return !self.mayFollow(field.id) || self.isNamed(field, by: exchange.fieldsNamedByResponse, in: block)
                || self.isNamed(field, by: exchange.plan.owned.response, in: block)
        }
    }

    /// Announces no trailers but those that will be passed on. To be called again when a transform changes the body.
    static func rewriteTrailer(ofResponse exchange: Exchange) {
        exchange.response.headers.rewriteTrailer { self.cleanResponseTrailers(of: exchange, $0) }
    }

    /// Among the fields that the gateway knows, those that are meant for the end of a response as well.
    private static func mayFollow(_ id: FieldID) -> Bool {
        switch id {
        case .unknown, .etag, .serverTiming: true
        default: false
        }
    }

    /// Takes out of an informational response what the final one does not have either.
    static func cleanInformational(_ exchange: Exchange) {
        self.cleanResponse(exchange)
        for name in exchange.plan.owned.response { exchange.response.headers.remove(name) }
    }

    /// Takes out of a response what must not reach the chain or the client, and rewrites `Location`.
    static func cleanResponse(_ exchange: Exchange) {
        let status = exchange.response.status
        // RFC 9110 section 8.6: no length where there can be no body.
        if status < 200 || status == 204 || exchange.response.framing.isChunked {
            exchange.response.headers.remove(.contentLength)
        }
        let isNamed = exchange.response.connectionNamesFields
        if isNamed || exchange.response.headers.present.intersects(self.hopByHop) {
            let named = isNamed ? self.fieldsNamedByConnection(exchange.response.headers) : []
            if !named.isEmpty { exchange.fieldsNamedByResponse = named }
            let keepsTrailer = status >= 200 && exchange.response.framing.isChunked
            exchange.response.headers.removeAll { block, field in
                switch field.id {
                case .proxyAuthenticate: return false
                // RFC 9110 section 15.5.22: without it nobody knows what to upgrade to.
                case .upgrade: return status != 426
                case .trailer where keepsTrailer: return self.isNamed(field, by: named, in: block)
                default:
                    return field.id.isHopByHop || !named.isEmpty && self.isNamed(field, by: named, in: block)
                }
            }
            self.rewriteTrailer(ofResponse: exchange)
        }
        if status >= 200 { LocationRewriter.rewrite(exchange) }
    }

    /// The names in `Connection` beyond the usual ones; nearly always none, so that nothing is allocated.
    private static func fieldsNamedByConnection(_ headers: borrowing HeaderBlock) -> [HeaderName] {
        var names: [HeaderName] = []
        headers.forEachMember(of: .connection) { token in
            if token.count == 5, token.elementsEqualIgnoringCase("close") { return }
            if token.count == 10, token.elementsEqualIgnoringCase("keep-alive") { return }
            if let name = HeaderName(validating: String(decoding: token, as: UTF8.self)), !self.isProtected(name) {
                names.append(name)
            }
        }
        return names
    }

    private static func isNamed(
        _ field: HeaderBlock.Field,
        by names: [HeaderName],
        in block: borrowing HeaderBlock
    ) -> Bool {
        for name in names where block.matches(field, name) { return true }
        return false
    }

    /// What `Connection` cannot name away.
    private static func isProtected(_ name: HeaderName) -> Bool {
        switch name.id {
        case .host, .contentLength, .xForwardedFor, .xForwardedHost, .xForwardedPort, .xForwardedProto, .xRealIP,
            .forwarded, .xRequestID, .authorization, .cookie, .setCookie, .contentType, .contentEncoding, .via, .date,
            .cacheControl:
            true
        default:
            name.bytes.withUnsafeBytes { self.hasForwardedPrefix($0) }
        }
    }

    /// Fields that only a trusted proxy may send, in any spelling: some servers read `_` as `-`.
    private static func isForwarding(_ field: HeaderBlock.Field, in block: borrowing HeaderBlock) -> Bool {
        switch field.id {
        case .xForwardedFor, .xForwardedHost, .xForwardedPort, .xForwardedProto, .xRealIP, .forwarded, .xCSPNonce,
            .xRequestTimeoutMS:
            return true
        case .unknown:
            guard field.name.count >= 9 else { return false }
            return block.withBytes(field.name) { name in
                guard name[0] | 0x20 == UInt8(ascii: "x") else { return false }
                if self.hasForwardedPrefix(name) { return true }
                return self.equalsWithUnderscores(name, "x-real-ip") || self.equalsWithUnderscores(name, "x-csp-nonce")
                    || self.equalsWithUnderscores(name, "x-request-timeout-ms")
            }
        default: return false
        }
    }

    /// A field that the gateway knows, spelled with underscores: what it has looked at is not what a server sees that
    /// reads them as hyphens.
    private static func resemblesAnother(_ field: HeaderBlock.Field, in block: borrowing HeaderBlock) -> Bool {
        field.id == .unknown && block.withBytes(field.name) { FieldID.resembled(by: $0) } != .unknown
    }

    private static func hasForwardedPrefix(_ name: UnsafeRawBufferPointer) -> Bool {
        let prefix: StaticString = "x-forwarded-"
        guard name.count > prefix.utf8CodeUnitCount else { return false }
        return self.equalsWithUnderscores(
            UnsafeRawBufferPointer(rebasing: name[..<prefix.utf8CodeUnitCount]),
            prefix
        )
    }

    private static func equalsWithUnderscores(_ name: UnsafeRawBufferPointer, _ lowercased: StaticString) -> Bool {
        guard name.count == lowercased.utf8CodeUnitCount else { return false }
        for index in 0..<name.count {
            let byte = name[index] == UInt8(ascii: "_") ? UInt8(ascii: "-") : name[index] | 0x20
            guard byte == lowercased.utf8Start[index] else { return false }
        }
        return true
    }
}

extension HeaderBlock {
    /// Writes `Trailer` (RFC 9110 section 6.6.2) anew, with the names that `clean` leaves of a section of such trailers.
    fileprivate mutating func rewriteTrailer(_ clean: (TrailerSection) -> TrailerSection?) {
        guard self.contains(.trailer) else { return }
        var announced = HeaderBlock()
        self.forEachMember(of: .trailer) { name in
            guard let name = HeaderName(validating: String(decoding: name, as: UTF8.self)) else { return }
            announced.add(name, "" as StaticString)
        }
        self.remove(.trailer)
        guard let rest = TrailerSection(received: announced).flatMap(clean) else { return }
        let names = rest.fields.fields.map { rest.fields.string($0.name) }
        self.set(HeaderName(.trailer), Array(names.joined(separator: ", ").utf8))
    }
}

extension UnsafeRawBufferPointer {
    /// `lowercased` holds letters and hyphens only.
    func elementsEqualIgnoringCase(_ lowercased: StaticString) -> Bool {
        guard self.count == lowercased.utf8CodeUnitCount else { return false }
        for index in 0..<self.count where self[index] | 0x20 != lowercased.utf8Start[index] { return false }
        return true
    }
}
