import NIOCore

@testable import GatewayHTTP
@testable import GatewayHTTP1
@testable import GatewayHTTP2

/// A field block of HTTP/2, as a request. The first byte says whether the stream ends with it.
enum HTTP2RequestCheck {
    private static let limits = RequestFields.Limits(startLine: 8 * 1024, headers: 32 * 1024, headerCount: 100)

    static func check(_ input: [UInt8]) throws(BrokenProperty) {
        guard let flags = input.first else { return }
        var decoder = FieldBlockDecoder()
        var head = RequestHead()
        var fields = RequestFields(limits: self.limits)
        var total = 0
        do {
            try ByteBuffer(bytes: input.dropFirst()).withUnsafeReadableBytes { block throws(HTTP2ConnectionError) in
                try decoder.decode(block, limit: 128 * 1024) { field in
                    total += field.size
                    fields.take(field, into: &head)
                }
            }
        } catch {
            return
        }
        try hold(total <= 128 * 1024, "a list of \(total) bytes is within the limit")
        do {
            guard try !fields.finish(&head, endsStream: flags & 1 == 1) else { return }
        } catch {
            return
        }
        guard head.method != .connect else { return }
        try self.checkWritten(head)
    }

    /// What goes upstream is one HTTP/1.1 request, with the same method, target, host, fields and body.
    private static func checkWritten(_ head: borrowing RequestHead) throws(BrokenProperty) {
        var output = ByteBuffer()
        output.writeRequestLine(head) { output in
            head.headers.withBytes(head.pathAndQuery) { _ = output.writeBytes($0) }
        }
        output.writeFields(head.headers)
        if head.framing.isChunked { output.writeStaticString("Transfer-Encoding: chunked\r\n") }
        output.writeLineEnd()
        let text = String(buffer: output)
        var parser = RequestParser(limits: HTTP1Limits(startLine: 9 * 1024, headers: 40 * 1024, headerCount: 110))
        var again = RequestHead()
        var isComplete = false
        do {
            isComplete = try parser.parse(&output, into: &again)
        } catch {
            throw BrokenProperty(description: "\(error) in \(text)")
        }
        let fields =
            head.headers.contents
            + (head.framing.isChunked ? [[Array("Transfer-Encoding".utf8), Array("chunked".utf8)]] : [])
        let isSame =
            again.headers.string(again.methodName) == head.headers.string(head.methodName)
            && again.headers.string(again.target) == head.headers.string(head.pathAndQuery)
            && again.headers.string(again.host) == head.headers.string(head.host)
            && again.headers.contents == fields && again.framing == head.framing
        try hold(isComplete && output.readableBytes == 0 && isSame, "another request than meant: \(text)")
    }
}
