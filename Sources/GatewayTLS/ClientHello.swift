/// What a client says when it opens a connection (RFC 8446 section 4.1.2), as far as it decides how the handshake goes on.
package struct ClientHello: Hashable, Sendable {
    /// The name that the client asks for (RFC 6066 section 3), in lowercase. Nil if it asks for none.
    package var serverName: String?
    /// The protocols that the client offers (RFC 7301). Nil if it does not negotiate one.
    package var protocols: [String]?

    package init(serverName: String? = nil, protocols: [String]? = nil) {
        self.serverName = serverName
        self.protocols = protocols
    }

    private static let serverNameExtension = 0
    private static let protocolsExtension = 16

    /// Reads the body of the message. Nil if it is malformed.
    init?(body: [UInt8]) {
        var fields = HandshakeFields(body[...])
        // The version, the random bytes, the session, the cipher suites and the compression methods.
        guard fields.read(2) != nil, fields.read(32) != nil, let session = fields.vector(lengthBytes: 1),
            session.count <= 32, let suites = fields.vector(lengthBytes: 2), suites.count >= 2,
            suites.count.isMultiple(of: 2), let compression = fields.vector(lengthBytes: 1), !compression.isEmpty
        else { return nil }
        if fields.isAtEnd { return }
        guard let list = fields.vector(lengthBytes: 2), fields.isAtEnd else { return nil }
        var extensions = HandshakeFields(list)
        while !extensions.isAtEnd {
            guard let type = extensions.number(bytes: 2), let value = extensions.vector(lengthBytes: 2) else {
                return nil
            }
            switch type {
            case Self.serverNameExtension:
                guard self.serverName == nil, let name = Self.serverName(in: value) else { return nil }
                self.serverName = name
            case Self.protocolsExtension:
                guard self.protocols == nil, let protocols = Self.protocols(in: value) else { return nil }
                self.protocols = protocols
            default: break
            }
        }
    }

    private static func serverName(in value: ArraySlice<UInt8>) -> String? {
        var fields = HandshakeFields(value)
        guard let list = fields.vector(lengthBytes: 2), fields.isAtEnd else { return nil }
        var names = HandshakeFields(list)
        // The only type of name that is defined is that of hosts.
        guard names.number(bytes: 1) == 0, let name = names.vector(lengthBytes: 2), names.isAtEnd,
            (1...255).contains(name.count), !name.contains(0)
        else { return nil }
        return Self.normalized(String(decoding: name, as: UTF8.self))
    }

    private static func protocols(in value: ArraySlice<UInt8>) -> [String]? {
        var fields = HandshakeFields(value)
        guard let list = fields.vector(lengthBytes: 2), fields.isAtEnd, !list.isEmpty else { return nil }
        var names = HandshakeFields(list)
        var protocols: [String] = []
        while !names.isAtEnd {
            guard let name = names.vector(lengthBytes: 1), !name.isEmpty else { return nil }
            protocols.append(String(decoding: name, as: UTF8.self))
        }
        return protocols
    }
}

extension ClientHello {
    /// Returns a server name in the form in which certificates are looked up: in lowercase, without a dot at its end.
    static func normalized(_ name: String) -> String {
        let name = name.lowercased()
        return name.hasSuffix(".") ? String(name.dropLast()) : name
    }
}

/// Reads the ClientHello from the first bytes of a connection, before anything is spent on a handshake.
package struct ClientHelloReader {
    package enum OnBytes: Hashable {
        case needMore
        case hello(ClientHello)
        /// The bytes look like an HTTP request without TLS.
        case plainHTTP
        case malformed
    }

    /// The size that the TLS library accepts.
    private static let limit = 1 << 14
    private static let clientHello: UInt8 = 1

    private var messages = HandshakeMessages(limit: Self.limit)
    private var isFirst = true

    package init() {}

    /// Reads the bytes that arrived since the last call. Not to be called again after a result.
    package mutating func read(_ bytes: some Collection<UInt8>) -> OnBytes {
        guard let first = bytes.first else { return .needMore }
        if self.isFirst {
            self.isFirst = false
            if Self.beginsRequest(first) { return .plainHTTP }
            guard ClientHello.mayBegin(with: first) else { return .malformed }
        }
        self.messages.append(bytes)
        switch self.messages.next() {
        case nil: return .needMore
        case .message(type: Self.clientHello, let body)?:
            return ClientHello(body: body).map { .hello($0) } ?? .malformed
        case .message?, .record?, .malformed?: return .malformed
        }
    }

    /// Whether a request without TLS may begin with this byte: a letter of the method, or an empty line.
    private static func beginsRequest(_ byte: UInt8) -> Bool {
        (0x41...0x5A).contains(byte & 0xDF) || byte == 0x0D || byte == 0x0A
    }
}

extension ClientHello {
    /// Whether the first byte of a connection begins a handshake.
    package static func mayBegin(with byte: UInt8) -> Bool { byte == 22 }
}
