import NIOCore

/// The response that a client received.
enum FaultyAnswer: Sendable {
    case whole(Message)
    /// The connection ended early; holds the part of the response received until then.
    case cut(head: Message?, body: [UInt8])

    static func read(_ connection: RawConnection, toHead isHead: Bool) async throws -> FaultyAnswer {
        try await connection.inbox.take("a response", within: .seconds(60)) { bytes, end in
            while let (message, length) = try Message.parse(bytes, .response(toHead: isHead), end: end) {
                bytes.moveReaderIndex(forwardBy: length)
                if message.status >= 200 { return .whole(message) }
            }
            guard end != nil else { return nil }
            return try Self.part(bytes.readBytes(length: bytes.readableBytes) ?? [])
        }
    }

    /// Waits for this many bytes of a response, or for the complete response if it is shorter.
    static func skip(_ count: Int, of connection: RawConnection, toHead isHead: Bool) async throws {
        try await connection.inbox.take("a part of a response", within: .seconds(60)) { bytes, end in
            if bytes.readableBytes >= count || end != nil { return () }
            return try Message.parse(bytes, .response(toHead: isHead), end: end) == nil ? nil : ()
        }
    }

    private static func part(_ bytes: [UInt8]) throws -> FaultyAnswer {
        guard let headEnd = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return .cut(head: nil, body: []) }
        let head = try Message.parse(ByteBuffer(bytes: bytes[..<headEnd.upperBound]), .response(toHead: true), end: nil)
        guard let head = head?.0 else { return .cut(head: nil, body: []) }
        let body = bytes[headEnd.upperBound...]
        return .cut(head: head, body: head.isChunked ? self.dechunked(body) : Array(body))
    }

    private static func dechunked(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var body: [UInt8] = []
        var rest = bytes
        while let line = rest.firstRange(of: [0x0D, 0x0A]),
            let size = Int(String(decoding: rest[..<line.lowerBound], as: UTF8.self), radix: 16), size > 0
        {
            body += rest[line.upperBound...].prefix(size)
            rest = rest[line.upperBound...].dropFirst(size + 2)
        }
        return body
    }
}
