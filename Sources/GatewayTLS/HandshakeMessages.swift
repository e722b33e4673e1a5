/// Reads the messages of a handshake while they are sent in plaintext (RFC 8446 sections 4 and 5.1). A message may span
/// records and a record may hold several messages; both may arrive in any number of pieces.
struct HandshakeMessages {
    enum Event: Hashable {
        /// A message, without its header.
        case message(type: UInt8, body: [UInt8])
        /// A record that belongs to no handshake message, such as ChangeCipherSpec.
        case record(type: UInt8)
        case malformed
    }

    private static let headerSize = 5
    /// The maximum number of bytes in a plaintext record.
    private static let maximumRecord = 1 << 14
    private static let handshake: UInt8 = 22

    /// The maximum size of a message.
    private let limit: Int
    private var input: [UInt8] = []
    private var position = 0
    /// The number of bytes of the current record that have not been read.
    private var left = 0
    /// The part of a message that has been read, with its header.
    private var message: [UInt8] = []

    init(limit: Int) { self.limit = limit }

    mutating func append(_ bytes: some Sequence<UInt8>) {
        if self.position == self.input.count {
            self.input.removeAll(keepingCapacity: true)
            self.position = 0
        }
        self.input.append(contentsOf: bytes)
    }

    /// Returns the next event, or nil if it has not arrived.
    mutating func next() -> Event? {
        while true {
            if let event = self.completeMessage() { return event }
            if self.left == 0 {
                switch self.readRecordHeader() {
                case .needMore: return nil
                case .handshake: break
                case .event(let event): return event
                }
            }
            let count = min(self.left, self.input.count - self.position)
            guard count > 0 else { return nil }
            self.message += self.input[self.position..<self.position + count]
            self.position += count
            self.left -= count
        }
    }

    private mutating func completeMessage() -> Event? {
        guard self.message.count >= 4 else { return nil }
        let length = Int(self.message[1]) << 16 | Int(self.message[2]) << 8 | Int(self.message[3])
        guard length <= self.limit else { return .malformed }
        guard self.message.count >= 4 + length else { return nil }
        let event = Event.message(type: self.message[0], body: Array(self.message[4..<4 + length]))
        self.message.removeFirst(4 + length)
        return event
    }

    private enum Header {
        case needMore
        case handshake
        case event(Event)
    }

    private mutating func readRecordHeader() -> Header {
        let available = self.input.count - self.position
        guard available >= Self.headerSize else { return .needMore }
        let type = self.input[self.position]
        let length = Int(self.input[self.position + 3]) << 8 | Int(self.input[self.position + 4])
        guard self.input[self.position + 1] == 3, length > 0, length <= Self.maximumRecord else {
            return .event(.malformed)
        }
        guard type != Self.handshake else {
            self.position += Self.headerSize
            self.left = length
            return .handshake
        }
        guard self.message.isEmpty else { return .event(.malformed) }
        guard available >= Self.headerSize + length else { return .needMore }
        self.position += Self.headerSize + length
        return .event(.record(type: type))
    }
}

/// Reads the fields of a message: numbers and vectors with a length in front of them (RFC 8446 section 3).
struct HandshakeFields {
    private let bytes: ArraySlice<UInt8>
    private var position: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        self.position = bytes.startIndex
    }

    var isAtEnd: Bool { self.position == self.bytes.endIndex }

    /// Returns the next bytes, or nil if there are fewer.
    mutating func read(_ count: Int) -> ArraySlice<UInt8>? {
        guard count <= self.bytes.endIndex - self.position else { return nil }
        defer { self.position += count }
        return self.bytes[self.position..<self.position + count]
    }

    mutating func number(bytes count: Int) -> Int? {
        self.read(count).map { $0.reduce(0) { $0 << 8 | Int($1) } }
    }

    /// Returns the contents of a vector.
    mutating func vector(lengthBytes: Int) -> ArraySlice<UInt8>? {
        self.number(bytes: lengthBytes).flatMap { self.read($0) }
    }
}
