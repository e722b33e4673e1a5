import GatewayHTTP1
import NIOCore

@testable import GatewayHTTP

/// What the codec parses from all bytes of a connection: the messages, and how it ended.
struct Transcript: Equatable {
    var messages: [Message] = []
    var failure: MessageError.Code?
    /// The most bytes that waited unread.
    var backlog = 0

    struct Message: Equatable {
        var start: [String]
        var fields: [[String]]
        var framing: BodyFraming
        var keepAlive: Bool
        var body: [UInt8] = []
        var trailers: [[String]]?
        var isComplete = false
    }

    static func == (left: Transcript, right: Transcript) -> Bool {
        left.messages == right.messages && left.failure == right.failure
    }

    static func requests(_ pieces: [[UInt8]], limits: HTTP1Limits = HTTP1Limits()) -> Transcript {
        var parser = RequestParser(limits: limits)
        var head = RequestHead()
        return Transcript(pieces, limits: limits) { (buffer) throws(MessageError) in
            guard try parser.parse(&buffer, into: &head) else { return nil }
            return Message(head)
        }
    }

    static func responses(
        _ pieces: [[UInt8]],
        limits: HTTP1Limits = HTTP1Limits(),
        answering method: GatewayHTTP.Method = .get
    ) -> Transcript {
        var parser = ResponseParser(limits: limits)
        var head = ResponseHead()
        return Transcript(pieces, limits: limits) { (buffer) throws(MessageError) in
            guard try parser.parse(&buffer, into: &head, answering: method) else { return nil }
            return Message(head)
        }
    }

    static func requests(_ text: String, limits: HTTP1Limits = HTTP1Limits()) -> Transcript {
        self.requests([Array(text.utf8)], limits: limits)
    }

    static func responses(
        _ text: String,
        limits: HTTP1Limits = HTTP1Limits(),
        answering method: GatewayHTTP.Method = .get
    ) -> Transcript {
        self.responses([Array(text.utf8)], limits: limits, answering: method)
    }

    private init(
        _ pieces: [[UInt8]],
        limits: HTTP1Limits,
        head: (inout ByteBuffer) throws(MessageError) -> Message?
    ) {
        var buffer = ByteBuffer()
        var decoder: BodyDecoder?
        do throws(MessageError) {
            for piece in pieces {
                buffer.writeBytes(piece)
                try self.read(&buffer, &decoder, limits, head)
                self.backlog = max(self.backlog, buffer.readableBytes)
                buffer.discardReadBytes()
            }
            try decoder?.endOfInput()
            if decoder != nil { self.messages[self.messages.count - 1].isComplete = true }
            if buffer.readableBytes > 0 { self.failure = .truncated }
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
                self.messages[last].trailers = decoder?.trailers.map { Message.fields($0.fields) }
                self.messages[last].isComplete = true
                decoder = nil
            case .needMore, nil: return
            }
        }
    }
}

extension Transcript.Message {
    init(_ head: borrowing RequestHead) {
        self.init(
            start: [
                "\(head.method)", head.headers.string(head.methodName), head.headers.string(head.target),
                head.headers.string(head.pathAndQuery), head.headers.string(head.host), "\(head.minorVersion)",
                head.expectsContinue ? "expects" : "",
            ],
            fields: Self.fields(head.headers),
            framing: head.framing,
            keepAlive: head.keepAlive
        )
    }

    init(_ head: borrowing ResponseHead) {
        self.init(
            start: ["\(head.minorVersion)", "\(head.status)", head.headers.string(head.reason ?? .empty)],
            fields: Self.fields(head.headers),
            framing: head.framing,
            keepAlive: head.keepAlive
        )
    }

    static func fields(_ block: borrowing HeaderBlock) -> [[String]] {
        block.fields.map { field in
            // Not decoded as UTF-8, because obs-text must be kept byte for byte.
            [field.name, field.value].map { range in
                block.withBytes(range) { String(String.UnicodeScalarView($0.map { Unicode.Scalar($0) })) }
            }
        }
    }

    var text: String { String(decoding: self.body, as: UTF8.self) }
}
