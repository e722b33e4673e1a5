import NIOCore

@testable import GatewayHTTP
@testable import GatewayHTTP1
@testable import GatewayHTTP2

/// A field block of HTTP/2, as a response. The first byte says whether the stream ends with it, and whether the request was
/// HEAD.
enum HTTP2ResponseCheck {
    private static let limits = FieldLimits(size: 32 * 1024, count: 100)

    static func check(_ input: [UInt8]) throws(BrokenProperty) {
        guard let flags = input.first else { return }
        let endsStream = flags & 1 == 1
        let method: GatewayHTTP.Method = flags & 2 == 2 ? .head : .get
        var decoder = FieldBlockDecoder()
        var head = ResponseHead()
        var fields = ResponseFields(limits: self.limits)
        do {
            try ByteBuffer(bytes: input.dropFirst()).withUnsafeReadableBytes { block throws(HTTP2ConnectionError) in
                try decoder.decode(block, limit: 128 * 1024) { fields.take($0, into: &head) }
            }
        } catch {
            return
        }
        do throws(MessageError) {
            try fields.finish(&head, answering: method, endsStream: endsStream)
        } catch {
            return
        }
        let hasNoBody = method == .head || head.status < 200 || head.status == 204 || head.status == 304
        try hold(!hasNoBody || head.framing.isEmpty, "a body after \(head.status)")
        try hold(!endsStream || head.framing.isEmpty || head.framing.isChunked, "a length after the end of the stream")
        try self.checkWritten(head, answering: method)
    }

    /// What goes to a client is one HTTP/1.1 response, with the same status, fields and body.
    private static func checkWritten(
        _ head: borrowing ResponseHead,
        answering method: GatewayHTTP.Method
    ) throws(BrokenProperty) {
        var output = ByteBuffer()
        output.writeStatusLine(head.status)
        output.writeFields(head.headers)
        if head.framing.isChunked { output.writeStaticString("Transfer-Encoding: chunked\r\n") }
        output.writeLineEnd()
        let text = String(buffer: output)
        var parser = ResponseParser(limits: HTTP1Limits(startLine: 9 * 1024, headers: 40 * 1024, headerCount: 110))
        var again = ResponseHead()
        var isComplete = false
        do {
            isComplete = try parser.parse(&output, into: &again, answering: method)
        } catch {
            throw BrokenProperty(description: "\(error) in \(text)")
        }
        let fields =
            head.headers.contents
            + (head.framing.isChunked ? [[Array("Transfer-Encoding".utf8), Array("chunked".utf8)]] : [])
        let isSame =
            again.status == head.status && again.headers.contents == fields && again.framing == head.framing
        try hold(isComplete && output.readableBytes == 0 && isSame, "another response than received: \(text)")
    }
}
