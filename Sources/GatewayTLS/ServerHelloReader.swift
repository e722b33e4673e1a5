/// Reads what a server chose from the bytes that it sends (RFC 8446 section 4.1.3, RFC 5246 section 7.3). The TLS library
/// does not say it.
package struct ServerHelloReader {
    /// What the server chose.
    package struct Choice: Hashable, Sendable {
        package let version: TLSVersionName
        package let cipher: TLSCipherName
        package let isResumed: Bool
    }

    private enum State {
        /// Next: `resuming` in TLS 1.2, else `done`.
        case waiting
        /// TLS 1.2: the next message tells whether the session is resumed. Next: `done`.
        case resuming(TLSCipherName)
        case done(Choice?)
    }

    private static let limit = 1 << 16
    private static let serverHello: UInt8 = 2
    private static let newSessionTicket: UInt8 = 4
    private static let changeCipherSpec: UInt8 = 20
    private static let versionExtension = 43
    private static let preSharedKeyExtension = 41
    /// The random bytes that mark a HelloRetryRequest.
    private static let retry: [UInt8] = [
        0xCF, 0x21, 0xAD, 0x74, 0xE5, 0x9A, 0x61, 0x11, 0xBE, 0x1D, 0x8C, 0x02, 0x1E, 0x65, 0xB8, 0x91,
        0xC2, 0xA2, 0x11, 0x16, 0x7A, 0xBB, 0x8C, 0x5E, 0x07, 0x9E, 0x09, 0xE2, 0xC8, 0xA8, 0x33, 0x9C,
    ]

    private var messages = HandshakeMessages(limit: Self.limit)
    private var state = State.waiting

    package init() {}

    /// What the server chose; nil if that is not known yet, or never.
    package var choice: Choice? { if case .done(let choice) = self.state { choice } else { nil } }

    /// Whether further bytes do not matter.
    package var isDone: Bool { if case .done = self.state { true } else { false } }

    package mutating func read(_ bytes: some Sequence<UInt8>) {
        guard !self.isDone else { return }
        self.messages.append(bytes)
        while !self.isDone, let event = self.messages.next() { self.received(event) }
    }

    private mutating func received(_ event: HandshakeMessages.Event) {
        switch (self.state, event) {
        case (.waiting, .message(type: Self.serverHello, let body)): self.received(hello: body)
        // It follows a HelloRetryRequest (RFC 8446 appendix D.4).
        case (.waiting, .record(type: Self.changeCipherSpec)): break
        case (.resuming(let cipher), .record(type: Self.changeCipherSpec)),
            (.resuming(let cipher), .message(type: Self.newSessionTicket, _)):
            self.state = .done(Choice(version: .tls12, cipher: cipher, isResumed: true))
        // The server's certificate.
        case (.resuming(let cipher), .message):
            self.state = .done(Choice(version: .tls12, cipher: cipher, isResumed: false))
        default: self.state = .done(nil)
        }
    }

    private mutating func received(hello body: [UInt8]) {
        var fields = HandshakeFields(body[...])
        guard fields.read(2) != nil, let random = fields.read(32), fields.vector(lengthBytes: 1) != nil,
            let cipher = fields.number(bytes: 2), fields.read(1) != nil
        else {
            self.state = .done(nil)
            return
        }
        if random.elementsEqual(Self.retry) { return }
        let name = TLSCipherName(rawValue: UInt16(cipher))
        var extensions = HandshakeFields(fields.vector(lengthBytes: 2) ?? [])
        var (version, isResumed) = (TLSVersionName.tls12, false)
        while let type = extensions.number(bytes: 2), let value = extensions.vector(lengthBytes: 2) {
            if type == Self.versionExtension, value.elementsEqual([3, 4]) { version = .tls13 }
            if type == Self.preSharedKeyExtension { isResumed = true }
        }
        if version == .tls13 {
            self.state = .done(Choice(version: version, cipher: name, isResumed: isResumed))
        } else {
            self.state = .resuming(name)
        }
    }
}
