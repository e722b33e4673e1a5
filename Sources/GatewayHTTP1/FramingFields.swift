/// What the fields of a head say about its body's length (RFC 9112 section 6.3) and about its connection (section 9.3),
/// with all that is ambiguous refused.
struct FramingFields {
    private let minorVersion: UInt8
    private var length: Int?
    private var isChunked = false
    private var says = (close: false, keepAlive: false)
    /// `Connection` names fields that end here (RFC 9110 section 7.6.1).
    private(set) var namesFields = false

    init(minorVersion: UInt8) { self.minorVersion = minorVersion }

    mutating func read(_ field: HeaderBlock.Field, of block: borrowing HeaderBlock) throws(HTTP1Error) {
        switch field.id {
        case .contentLength:
            guard self.length == nil else { throw .malformed("more than one Content-Length") }
            self.length = try block.withBytes(field.value, FieldSection.contentLength)
        case .transferEncoding:
            // Section 6.1: HTTP/1.0 does not know it, whoever sends it there is confused.
            guard !self.isChunked, self.minorVersion > 0, block.equals(field.value, "chunked") else {
                throw .malformed("Transfer-Encoding")
            }
            self.isChunked = true
        case .connection:
            block.withBytes(field.value) { value in
                FieldSection.forEachMember(of: value) { token in
                    if ByteClass.equalsIgnoringCase(token, UnsafeRawBufferPointer("close")) {
                        self.says.close = true
                    } else if ByteClass.equalsIgnoringCase(token, UnsafeRawBufferPointer("keep-alive")) {
                        self.says.keepAlive = true
                    } else {
                        self.namesFields = true
                    }
                }
            }
        default: break
        }
    }

    /// The framing that the fields declare, nil where they do not.
    func declared() throws(HTTP1Error) -> BodyFraming? {
        guard self.isChunked else { return self.length.map { $0 > 0 ? .length($0) : .none } }
        guard self.length == nil else { throw .malformed("Content-Length beside Transfer-Encoding") }
        return .chunked
    }

    /// Whether the connection outlives the message.
    var keepAlive: Bool { !self.says.close && (self.minorVersion > 0 || self.says.keepAlive) }
}
