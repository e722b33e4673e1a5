import NIOCore

/// A request or response as it was on the wire.
struct Message: Sendable {
    enum Kind: Sendable {
        case request
        case response(toHead: Bool)
    }

    /// The connection ended inside the message.
    struct Truncated: Error {
        let received: String
        let end: Inbox.End
    }

    /// The message is not HTTP/1.
    struct Malformed: Error { let text: String }

    var startLine = ""
    var fields: [(name: String, value: String)] = []
    var body: [UInt8] = []
    var chunks: [Int] = []
    var trailers: [(name: String, value: String)] = []

    var status: Int { Int(self.startLine.split(separator: " ").dropFirst().first ?? "") ?? 0 }
    var method: String { String(self.startLine.prefix { $0 != " " }) }
    var target: String { String(self.startLine.split(separator: " ").dropFirst().first ?? "") }
    var text: String { String(decoding: self.body, as: UTF8.self) }
    var isChunked: Bool { self["Transfer-Encoding"] == "chunked" }

    /// The `code` of a problem+json body.
    var code: String? {
        guard let start = self.text.firstRange(of: "\"code\":\"") else { return nil }
        return String(self.text[start.upperBound...].prefix { $0 != "\"" })
    }

    func all(_ name: String) -> [String] {
        self.fields.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
    }

    /// All lines of a field as one list.
    subscript(name: String) -> String? {
        let values = self.all(name)
        return values.isEmpty ? nil : values.joined(separator: ", ")
    }

    /// The message at the front of `bytes` and its length; nil if it is incomplete.
    static func parse(_ bytes: ByteBuffer, _ kind: Kind, end: Inbox.End?) throws -> (Message, Int)? {
        let view = bytes.readableBytesView
        guard let headEnd = view.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        var message = Message()
        let head = String(decoding: view[view.startIndex..<headEnd.lowerBound], as: UTF8.self)
        let lines = self.lines(head)
        message.startLine = lines[0]
        message.fields = try lines.dropFirst().map(self.field)
        var reader = bytes
        reader.moveReaderIndex(to: headEnd.upperBound)
        let hasNoBody =
            switch kind {
            case .request: !message.isChunked && message["Content-Length"] == nil
            case .response(let isHead):
                isHead || message.status < 200 || message.status == 204 || message.status == 304
            }
        if hasNoBody {
        } else if message.isChunked {
            guard try message.readChunks(&reader) else { return nil }
        } else if let length = message["Content-Length"] {
            guard let count = Int(length) else { throw Malformed(text: length) }
            guard let body = reader.readBytes(length: count) else { return nil }
            message.body = body
        } else {
            guard end == .finished else { return nil }
            message.body = reader.readBytes(length: reader.readableBytes) ?? []
        }
        return (message, reader.readerIndex - bytes.readerIndex)
    }

    private mutating func readChunks(_ reader: inout ByteBuffer) throws -> Bool {
        let whole = reader
        var spans: [Range<Int>] = []
        while let line = Self.line(&reader) {
            guard let size = Int(line.prefix { $0 != ";" }, radix: 16) else { throw Malformed(text: line) }
            if size == 0 {
                while let line = Self.line(&reader) {
                    guard !line.isEmpty else {
                        for span in spans { self.body += whole.getBytes(at: span.lowerBound, length: span.count) ?? [] }
                        self.chunks = spans.map(\.count)
                        return true
                    }
                    self.trailers.append(try Self.field(line))
                }
                return false
            }
            guard reader.readableBytes >= size + 2 else { return false }
            spans.append(reader.readerIndex..<(reader.readerIndex + size))
            reader.moveReaderIndex(forwardBy: size)
            guard Self.line(&reader) == "" else { throw Malformed(text: "chunk end") }
        }
        return false
    }

    private static func line(_ reader: inout ByteBuffer) -> String? {
        guard let range = reader.readableBytesView.prefix(4096).firstRange(of: Array("\r\n".utf8)) else { return nil }
        let line = reader.readString(length: range.lowerBound - reader.readerIndex)
        reader.moveReaderIndex(forwardBy: 2)
        return line
    }

    private static func lines(_ head: String) -> [String] {
        var lines: [String] = []
        var rest = head.utf8[...]
        while let end = rest.firstRange(of: "\r\n".utf8) {
            lines.append(String(decoding: rest[..<end.lowerBound], as: UTF8.self))
            rest = rest[end.upperBound...]
        }
        return lines + [String(decoding: rest, as: UTF8.self)]
    }

    private static func field(_ line: String) throws -> (name: String, value: String) {
        guard let colon = line.utf8.firstIndex(of: 0x3A) else { throw Malformed(text: line) }
        let value = line[line.utf8.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
        return (String(line[..<colon]), String(value))
    }
}
