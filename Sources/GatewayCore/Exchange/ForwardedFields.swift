import GatewayHTTP
import GatewayHTTP1
import NIOCore

/// Removes hop-by-hop fields (RFC 9110 section 7.6.1) and fields that a client must not forge.
enum ForwardedFields {
    private static let hopByHop = FieldID.allCases.filter(\.isHopByHop).reduce(into: FieldSet()) { $0.insert($1) }
    /// The fields that require ``cleanRequest(_:)`` to inspect a request.
    private static let ofRequests = hopByHop.union([.maxForwards, .expect])
    private static let forgeable: FieldSet = [
        .unknown, .clientCert, .clientCertChain, .xForwardedFor, .xForwardedHost, .xForwardedPort, .xForwardedProto,
        .xRealIP, .forwarded, .xCSPNonce, .xRequestTimeoutMS, .xGatewayMirror,
    ]

    /// Removes from a request the fields that the client may have forged, before routing uses them.
    static func removeForged(_ exchange: Exchange) {
        guard exchange.request.headers.present.intersects(self.forgeable) else { return }
        let isTrusted = exchange.isFromTrustedPeer
        exchange.request.headers.removeAll { block, field in
            // Only a mirror marks its copies.
            self.resemblesAnother(field, in: block) || field.id == .xGatewayMirror
                || self.namesClientCertificate(field, in: block)
                || !isTrusted && self.isForwarding(field, in: block)
        }
    }

    /// Removes from a request the fields that must not reach the chain or the upstream.
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
        // RFC 9110 section 10.1.1: ignore the expectation of an HTTP/1.0 client. Forwarding it as HTTP/1.1 would make
        // the upstream send a 100 that the client does not understand.
        if exchange.request.minorVersion == 0 { exchange.request.headers.remove(.expect) }
        self.countDown(exchange)
    }

    /// Decrements `Max-Forwards` (RFC 9110 section 7.6.2). It applies to OPTIONS only, because the gateway rejects
    /// TRACE. A value that is not a number is ignored; a value that is too large is clamped.
    private static func countDown(_ exchange: Exchange) {
        guard exchange.request.method == .options, let value = exchange.request.headers.first(.maxForwards),
            let hops = Int(clampingDigits: exchange.request.headers.string(value))
        else { return }
        exchange.isLastHop = hops == 0
        if hops > 0 { exchange.request.headers.set(HeaderName(.maxForwards), Array(String(hops - 1).utf8)) }
    }

    /// Returns the trailers of a request without the fields that its head could not have forwarded, even from a trusted
    /// peer. No field that the gateway knows is meaningful in the trailers of a request.
    static func cleanTrailers(of exchange: Exchange, _ trailers: TrailerSection) -> TrailerSection? {
        trailers.removing { block, field in
            field.id != .unknown || self.resemblesAnother(field, in: block) || self.isForwarding(field, in: block)
                || self.namesClientCertificate(field, in: block)
                || self.isNamed(field, by: exchange.fieldsNamedByRequest, in: block)
                || self.isSpelledLike(exchange.plan.owned.request, field, in: block)
        }
    }

    /// Returns the trailers of a response without fields that belong in its head, fields that its `Connection` named,
    /// and fields that describe bytes that the gateway has changed.
    static func cleanResponseTrailers(of exchange: Exchange, _ trailers: TrailerSection) -> TrailerSection? {
        let isChanged = exchange.responseBody.pipeline != nil
        return trailers.removing { block, field in
            if isChanged, field.id == .etag || IntegrityFields.contain(field, in: block) { return true }
            // The trailers of a gRPC call are metadata of the application.
            return !exchange.isGRPC && !self.mayFollow(field.id)
                || self.isNamed(field, by: exchange.fieldsNamedByResponse, in: block)
                || self.isNamed(field, by: exchange.plan.owned.response, in: block)
        }
    }

    /// Limits `Trailer` to the trailers that will be forwarded. Call it again when a transform changes the body.
    static func rewriteTrailer(ofResponse exchange: Exchange) {
        exchange.response.headers.rewriteTrailer { self.cleanResponseTrailers(of: exchange, $0) }
    }

    /// Returns whether a field may occur in the trailers of a response. Fields that the gateway does not know may.
    private static func mayFollow(_ id: FieldID) -> Bool {
        switch id {
        case .unknown, .etag, .serverTiming: true
        default: false
        }
    }

    /// Removes from an informational response the fields that the final response must not have either.
    static func cleanInformational(_ exchange: Exchange) {
        self.cleanResponse(exchange)
        for name in exchange.plan.owned.response { exchange.response.headers.remove(name) }
    }

    /// Removes from a response the fields that must not reach the chain or the client, and rewrites `Location`.
    static func cleanResponse(_ exchange: Exchange) {
        let status = exchange.response.status
        // RFC 9110 section 8.6: a response that cannot have a body has no length.
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
                // RFC 9110 section 15.5.22: a 426 must name the protocols to upgrade to.
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

    /// Returns the names in `Connection` other than `close` and `keep-alive`. The array is nearly always empty, so
    /// nothing is allocated.
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

    /// Returns whether a server might take the field for one of these names.
    private static func isSpelledLike(
        _ names: [HeaderName],
        _ field: HeaderBlock.Field,
        in block: borrowing HeaderBlock
    ) -> Bool {
        for name in names where block.isSpelledLike(field, name) { return true }
        return false
    }

    /// Returns whether a field is kept even if `Connection` names it.
    private static func isProtected(_ name: HeaderName) -> Bool {
        switch name.id {
        case .host, .contentLength, .clientCert, .xForwardedFor, .xForwardedHost, .xForwardedPort, .xForwardedProto,
            .xRealIP,
            .forwarded, .xRequestID, .authorization, .cookie, .setCookie, .contentType, .contentEncoding, .via, .date,
            .cacheControl:
            true
        default:
            name.bytes.withUnsafeBytes { self.hasForwardedPrefix($0) }
        }
    }

    /// Returns whether only a trusted proxy may send this field. Underscores count as hyphens, because some servers
    /// treat them alike.
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

    /// Returns whether the field tells an upstream who the client is by its certificate. The gateway alone knows, so not
    /// even a trusted proxy may send such a field.
    private static func namesClientCertificate(_ field: HeaderBlock.Field, in block: borrowing HeaderBlock) -> Bool {
        switch field.id {
        case .clientCert, .clientCertChain: return true
        case .unknown:
            guard field.name.count >= 13 else { return false }
            return block.withBytes(field.name) { name in
                guard name[0] | 0x20 == UInt8(ascii: "x") else { return false }
                return self.hasPrefix(name, "x-client-cert") || self.hasPrefix(name, "x-ssl-client-")
            }
        default: return false
        }
    }

    /// Returns whether the name is a known field spelled with underscores. A server that reads underscores as hyphens
    /// would see a field that the gateway has not checked.
    private static func resemblesAnother(_ field: HeaderBlock.Field, in block: borrowing HeaderBlock) -> Bool {
        field.id == .unknown && block.withBytes(field.name) { FieldID.resembled(by: $0) } != .unknown
    }

    private static func hasForwardedPrefix(_ name: UnsafeRawBufferPointer) -> Bool {
        name.count > 12 && self.hasPrefix(name, "x-forwarded-")
    }

    private static func hasPrefix(_ name: UnsafeRawBufferPointer, _ lowercased: StaticString) -> Bool {
        guard name.count >= lowercased.utf8CodeUnitCount else { return false }
        let start = UnsafeRawBufferPointer(rebasing: name[..<lowercased.utf8CodeUnitCount])
        return self.equalsWithUnderscores(start, lowercased)
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
    /// Rewrites `Trailer` (RFC 9110 section 6.6.2) with only the names that `clean` keeps.
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
    /// Compares ASCII bytes without regard to case. `lowercased` must contain only lower-case letters and hyphens.
    func elementsEqualIgnoringCase(_ lowercased: StaticString) -> Bool {
        guard self.count == lowercased.utf8CodeUnitCount else { return false }
        for index in 0..<self.count where self[index] | 0x20 != lowercased.utf8Start[index] { return false }
        return true
    }
}
