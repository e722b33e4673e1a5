import NIOCore

@testable import GatewayHTTP
@testable import GatewayHTTP1

/// What the codec parses from all bytes of a connection.
struct Transcript: Equatable {
    var messages: [Message] = []
    var failure: MessageError.Code?
    /// The number of unconsumed bytes.
    var left = 0
    /// The most bytes that waited before a new piece arrived. It depends on the pieces, so it is not compared.
    var backlog = 0

    struct Message: Equatable {
        var start: [[UInt8]]
        var numbers: [Int]
        var flags: [Bool]
        var fields: [[[UInt8]]]
        var framing: BodyFraming
        var body: [UInt8] = []
        var trailers: [[[UInt8]]]?
        var isComplete = false
    }

    static func == (left: Transcript, right: Transcript) -> Bool {
        left.messages == right.messages && left.failure == right.failure && left.left == right.left
    }

    /// Parses heads with `head`, and the bodies that they declare.
    init(
        _ pieces: [[UInt8]],
        limits: HTTP1Limits,
        _ head: (inout ByteBuffer) throws(MessageError) -> Message?
    ) {
        var buffer = ByteBuffer()
        var decoder: BodyDecoder?
        do throws(MessageError) {
            for piece in pieces {
                self.backlog = max(self.backlog, buffer.readableBytes)
                buffer.writeBytes(piece)
                try self.read(&buffer, &decoder, limits, head)
                buffer.discardReadBytes()
            }
            try decoder?.endOfInput()
            self.left = buffer.readableBytes
        } catch {
            self.failure = error.code
        }
    }

    private mutating func read(
        _ buffer: inout ByteBuffer,
        _ decoder: inout BodyDecoder?,
        _ limits: HTTP1Limits,
        _ head: (inout ByteBuffer) throws(MessageError) -> Message?
    ) throws(MessageError) {
        while true {
            if decoder == nil {
                guard let message = try head(&buffer) else { return }
                self.messages.append(message)
                decoder = BodyDecoder(message.framing, limits: limits)
            }
            let last = self.messages.count - 1
            switch try decoder?.next(&buffer) {
            case .bytes(let piece): self.messages[last].body += Array(piece.readableBytesView)
            case .end:
                self.messages[last].trailers = decoder?.trailers.map { $0.fields.contents }
                self.messages[last].isComplete = true
                decoder = nil
            case .needMore, nil: return
            }
        }
    }
}

extension Transcript {
    /// Small, so that short inputs reach them.
    static let limits = HTTP1Limits(startLine: 160, headers: 480, headerCount: 12)
    /// The most bytes that may wait: a start line or a section, with their line ends.
    private static let maxBacklog = limits.startLine + limits.headers + 4

    /// Checks that apply to both directions.
    static func check(_ input: [UInt8], _ read: ([[UInt8]]) -> Transcript) throws(BrokenProperty) -> Transcript {
        let whole = read([input])
        for pieces in Segmentation.all(of: input) {
            let other = read(pieces)
            try hold(other == whole, "parsed differently in \(pieces.count) pieces: \(other), whole: \(whole)")
            if pieces.count == input.count {
                try hold(other.backlog <= self.maxBacklog, "\(other.backlog) bytes wait")
            }
        }
        let bodies = whole.messages.reduce(0) { $0 + $1.body.count }
        try hold(bodies <= input.count, "bodies of \(bodies) bytes from \(input.count)")
        for message in whole.messages {
            for field in message.fields + (message.trailers ?? []) {
                try hold(ByteClass.isToken(field[0]), "invalid name \(field[0])")
                try hold(field[1].isFieldValue, "invalid value \(field[1])")
            }
        }
        return whole
    }
}
