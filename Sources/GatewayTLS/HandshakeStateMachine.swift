/// Decides how a client's handshake goes on, from the first byte to its result. The TLS library performs it; this judges what
/// the library does not, and remembers what it does not tell.
package struct HandshakeStateMachine {
    private enum State {
        /// Next: `negotiating`, `over`.
        case readingHello
        /// The library has the connection. Next: `over`.
        case negotiating
        case over
    }

    package enum OnBytes: Hashable {
        case wait
        /// Let the library perform the handshake, with all bytes so far.
        case negotiate
        /// Tell the client what is wrong, and close.
        case refuse(TLSAlert)
        /// The client does not use TLS. Tell it so in plain HTTP.
        case answerPlainly
    }

    private let isStrict: Bool
    private let protocols: [String]
    private var state = State.readingHello
    private var clientHello = ClientHelloReader()
    private var serverHello = ServerHelloReader()
    /// The name that the client asked for.
    package private(set) var serverName: String?
    /// The certificate that the client gets.
    package private(set) var certificate: ServerCertificate?

    /// - Parameters:
    ///   - protocols: The protocols on offer.
    ///   - isStrict: Whether a certificate must have the name that the client asks for.
    package init(protocols: [String], isStrict: Bool) {
        self.protocols = protocols
        self.isStrict = isStrict
    }

    package var isReadingHello: Bool { if case .readingHello = self.state { true } else { false } }
    package var isOver: Bool { if case .over = self.state { true } else { false } }

    /// Reads bytes of the client.
    package mutating func received(_ bytes: some Collection<UInt8>, certificates: CertificateTable) -> OnBytes {
        guard self.isReadingHello else { return .wait }
        switch self.clientHello.read(bytes) {
        case .needMore: return .wait
        case .plainHTTP:
            self.state = .over
            return .answerPlainly
        case .malformed: return self.refuse(.decodeError)
        case .hello(let hello):
            self.serverName = hello.serverName
            guard let choice = certificates.choose(hello.serverName) else { return self.refuse(.internalError) }
            self.certificate = choice.certificate
            if self.isStrict, !choice.isNamed { return self.refuse(.unrecognizedName) }
            if let offered = hello.protocols, !offered.contains(where: self.protocols.contains) {
                return self.refuse(.noApplicationProtocol)
            }
            self.state = .negotiating
            return .negotiate
        }
    }

    private mutating func refuse(_ alert: TLSAlert) -> OnBytes {
        self.state = .over
        return .refuse(alert)
    }

    /// Reads bytes that go to the client.
    package mutating func sent(_ bytes: some Sequence<UInt8>) { self.serverHello.read(bytes) }

    /// What the server chose; nil if it did not get so far.
    package var choice: ServerHelloReader.Choice? { self.serverHello.choice }

    /// Whether to look at further bytes that go to the client.
    package var readsOutput: Bool { !self.serverHello.isDone }

    /// Ends the handshake. Returns false if it had ended before.
    package mutating func end() -> Bool {
        guard !self.isOver else { return false }
        self.state = .over
        return true
    }
}

/// How a handshake ended.
package enum HandshakeResult: Int, CaseIterable, Sendable {
    case ok, resumed, failed, timeout
}

/// Why a handshake fails, told to the peer (RFC 8446 section 6.2).
package enum TLSAlert: UInt8, Sendable {
    case decodeError = 50
    case internalError = 80
    case unrecognizedName = 112
    case noApplicationProtocol = 120

    /// The record that carries the alert, as a fatal one.
    package var record: [UInt8] { [21, 3, 3, 0, 2, 2, self.rawValue] }
}
