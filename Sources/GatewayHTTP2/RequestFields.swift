package import GatewayHTTP

/// Builds a request from the fields of a block, checked as strictly as an HTTP/1.1 request (RFC 9113 sections 8.2 and
/// 8.3). Fields are stored as the lines of HTTP/1.1, so that they can be forwarded without another conversion.
package struct RequestFields {
    /// The limits of HTTP/1 requests, which apply to each stream.
    package struct Limits: Hashable, Sendable {
        package var startLine: Int
        package var headers: Int
        package var headerCount: Int

        package init(startLine: Int, headers: Int, headerCount: Int) {
            self.startLine = startLine
            self.headers = headers
            self.headerCount = headerCount
        }
    }

    private let limits: Limits
    private var error: MessageError?
    private var method: ByteRange?
    private var scheme: ByteRange?
    private var authority: ByteRange?
    private var path: ByteRange?
    private var tunnel: ByteRange?
    private var hasFields = false
    private var size = 0
    /// The index of the cookie field. Further cookies are joined to it.
    private var cookie: Int?
    private var cookies: [UInt8] = []

    package init(limits: Limits) { self.limits = limits }

    // MARK: The fields

    /// Adds the next field of the block to the head.
    package mutating func take(_ field: FieldBlockDecoder.Field, into head: inout RequestHead) {
        guard self.error == nil else { return }
        do throws(MessageError) {
            if field.name.first == UInt8(ascii: ":") {
                try self.takePseudoField(field, into: &head)
            } else {
                self.hasFields = true
                try FieldRules.check(field)
                try self.takeField(field, into: &head)
            }
        } catch {
            self.error = error
        }
    }

    private mutating func takePseudoField(
        _ field: FieldBlockDecoder.Field,
        into head: inout RequestHead
    ) throws(MessageError) {
        guard !self.hasFields else { throw .malformed("pseudo-field after a field") }
        if ByteClass.equals(field.name, ":path"), field.value.count > self.limits.startLine {
            throw MessageError(.startLineTooLong, "request target")
        }
        guard field.value.count <= self.limits.headers else { throw MessageError(.headersTooLarge, "pseudo-field") }
        switch field.name.count {
        case 7 where ByteClass.equals(field.name, ":method"): try Self.store(field, as: &self.method, in: &head)
        case 7 where ByteClass.equals(field.name, ":scheme"): try Self.store(field, as: &self.scheme, in: &head)
        case 10 where ByteClass.equals(field.name, ":authority"): try Self.store(field, as: &self.authority, in: &head)
        case 5 where ByteClass.equals(field.name, ":path"): try Self.store(field, as: &self.path, in: &head)
        case 9 where ByteClass.equals(field.name, ":protocol"): try Self.store(field, as: &self.tunnel, in: &head)
        default: throw .malformed("unknown pseudo-field")
        }
    }

    private static func store(
        _ field: FieldBlockDecoder.Field,
        as range: inout ByteRange?,
        in head: inout RequestHead
    ) throws(MessageError) {
        guard range == nil else { throw .malformed("pseudo-field twice") }
        range = head.headers.store(room: field.value.count) { $0.write(field.value) }
    }

    private mutating func takeField(
        _ field: FieldBlockDecoder.Field,
        into head: inout RequestHead
    ) throws(MessageError) {
        if field.id == .cookie, let cookie = self.cookie {
            if self.cookies.isEmpty {
                self.cookies = head.headers.withBytes(head.headers.fields[cookie].value) { Array($0) }
            }
            self.cookies.append(contentsOf: "; ".utf8)
            self.cookies.append(contentsOf: field.value)
            self.size += field.value.count + 2
        } else {
            guard head.headers.count < self.limits.headerCount else {
                throw MessageError(.headersTooLarge, "header count")
            }
            self.size += field.name.count + field.value.count + 4
        }
        guard self.size <= self.limits.headers else { throw MessageError(.headersTooLarge, "headers") }
        if field.id == .cookie {
            guard self.cookie == nil else { return }
            self.cookie = head.headers.count
        }
        head.headers.addReceived(field.name, field.value, id: field.id)
    }

    // MARK: The head

    /// Completes the head after the last field.
    ///
    /// - Parameter endsStream: Whether no body follows.
    /// - Returns: Whether the request is an extended CONNECT for a WebSocket (RFC 8441). Its method is then GET.
    package mutating func finish(_ head: inout RequestHead, endsStream: Bool) throws(MessageError) -> Bool {
        head.isHTTP2 = true
        head.minorVersion = 1
        head.isTargetHTTPS = false
        head.target = .empty
        head.pathAndQuery = .empty
        head.host = .empty
        head.framing = .none
        try self.takeMethod(into: &head)
        if let error = self.error { throw error }
        if let cookie = self.cookie, !self.cookies.isEmpty {
            let joined = head.headers.store(room: self.cookies.count) { $0.write(self.cookies) }
            head.headers.replaceValue(at: cookie, with: joined)
        }
        let isTunnel = try self.takeTunnel(into: &head)
        try self.takeTarget(into: &head, isTunnel: isTunnel)
        try self.takeAuthority(into: &head)
        try head.frame(authority: nil)
        if isTunnel {
            guard !endsStream, !head.headers.contains(.contentLength) else { throw .malformed("extended CONNECT") }
            return true
        }
        switch head.framing {
        case .none where !endsStream && !head.headers.contains(.contentLength): head.framing = .chunked
        case .length where endsStream: throw .malformed("no body, but Content-Length")
        case .none, .length, .chunked, .untilClose: break
        }
        return false
    }

    private func takeMethod(into head: inout RequestHead) throws(MessageError) {
        head.method = .other
        head.methodName = .empty
        guard let method = self.method else { throw self.error ?? .malformed("no :method") }
        guard head.headers.withBytes(method, { ByteClass.isToken($0) }) else { throw .malformed(":method") }
        head.methodName = method
        head.method = head.headers.withBytes(method) { Method($0) }
    }

    /// Turns an extended CONNECT into the GET that it stands for.
    private func takeTunnel(into head: inout RequestHead) throws(MessageError) -> Bool {
        guard let tunnel = self.tunnel else { return false }
        guard head.method == .connect else { throw .malformed(":protocol without CONNECT") }
        guard self.scheme != nil, self.path != nil, self.authority != nil else { throw .malformed("extended CONNECT") }
        guard head.headers.equals(tunnel, "websocket") else { throw MessageError(.unsupportedCoding, ":protocol") }
        head.methodName = head.headers.store(room: 3) { $0.write("GET") }
        head.method = .get
        return true
    }

    private func takeTarget(into head: inout RequestHead, isTunnel: Bool) throws(MessageError) {
        if head.method == .connect {
            // RFC 9113 section 8.5. It results in 405.
            guard self.scheme == nil, self.path == nil, let authority = self.authority else {
                throw .malformed("CONNECT")
            }
            head.target = authority
            return
        }
        guard let scheme = self.scheme, head.headers.withBytes(scheme, FieldRules.isScheme) else {
            throw .malformed(":scheme")
        }
        guard let path = self.path, !path.isEmpty else { throw .malformed(":path") }
        guard head.methodName.count + path.count + " HTTP/1.1 ".utf8.count <= self.limits.startLine else {
            throw MessageError(.startLineTooLong, "request target")
        }
        let isValid = head.headers.withBytes(path) { path in
            guard path.allSatisfy({ ByteClass.isTargetByte($0) }) else { return false }
            return path[0] == UInt8(ascii: "/")
                || head.method == .options && path.count == 1 && path[0] == UInt8(ascii: "*")
        }
        guard isValid else { throw .malformed(":path") }
        head.target = path
        head.pathAndQuery = path
    }

    /// Adds `:authority` as the field `host`, which it must agree with (RFC 9113 section 8.3.1).
    private func takeAuthority(into head: inout RequestHead) throws(MessageError) {
        guard let authority = self.authority else { return }
        guard head.headers.withBytes(authority, ByteClass.isAuthority) else { throw .malformed(":authority") }
        guard let host = head.headers.first(.host) else {
            head.headers.add(HeaderName(.host), sharing: authority)
            return
        }
        let agree = head.headers.withBytes(host) { host in
            head.headers.withBytes(authority) { ByteClass.equalsIgnoringCase(host, $0) }
        }
        guard agree else { throw .malformed(":authority and Host differ") }
    }
}

/// Builds the trailers of a message from the fields of a block.
package struct TrailerFields: ~Copyable {
    private let limits: FieldLimits
    private var fields = HeaderBlock()
    private var error: MessageError?
    private var size = 0

    package init(limits: FieldLimits) { self.limits = limits }

    package mutating func take(_ field: FieldBlockDecoder.Field) {
        guard self.error == nil else { return }
        do throws(MessageError) {
            try FieldRules.check(field)
            self.size += field.name.count + field.value.count + 4
            guard self.fields.count < self.limits.count, self.size <= self.limits.size else {
                throw MessageError(.headersTooLarge, "trailers")
            }
            self.fields.addReceived(field.name, field.value, id: field.id)
        } catch {
            self.error = error
        }
    }

    package consuming func finish() throws(MessageError) -> TrailerSection? {
        if let error = self.error { throw error }
        return TrailerSection(received: self.fields)
    }
}

/// What RFC 9113 section 8.2 demands of each field.
enum FieldRules {
    static func check(_ field: FieldBlockDecoder.Field) throws(MessageError) {
        guard !field.name.isEmpty else { throw .malformed("field without a name") }
        for byte in field.name where !ByteClass.isTokenByte(byte) || byte &- UInt8(ascii: "A") < 26 {
            throw .malformed("field name")
        }
        guard ByteClass.isFieldValue(field.value) else { throw .malformed("control character in a field") }
        if let first = field.value.first, let last = field.value.last {
            guard !Self.isBlank(first), !Self.isBlank(last) else { throw .malformed("blank around a field value") }
        }
        guard !field.id.isOfConnection else { throw .malformed("connection-specific field") }
        if field.id == .te, !ByteClass.equalsIgnoringCase(field.value, UnsafeRawBufferPointer("trailers")) {
            throw .malformed("TE")
        }
    }

    static func isScheme(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let first = bytes.first, first.isASCIILetter else { return false }
        return bytes.allSatisfy {
            $0.isASCIILetter || ByteClass.isDigit($0) || $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-")
                || $0 == UInt8(ascii: ".")
        }
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
