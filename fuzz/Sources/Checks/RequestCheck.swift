import NIOCore

@testable import GatewayHTTP
@testable import GatewayHTTP1

/// Requests on a connection, heads and bodies.
enum RequestCheck {
    static func check(_ input: [UInt8]) throws(BrokenProperty) {
        let whole = try Transcript.check(input) { self.read($0, Transcript.limits) }
        for message in whole.messages {
            let (name, target, host) = (message.start[0], message.start[1], message.start[3])
            try hold(ByteClass.isToken(name), "invalid method \(name)")
            try hold(target.allSatisfy { $0 > 0x20 && $0 < 0x7F }, "invalid target \(target)")
            // The host is used in the quotes of Forwarded, and in URLs.
            try hold(
                host.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"\"\\@/?#<>".utf8.contains($0) },
                "invalid host \(host)"
            )
            try self.checkWritten(message)
        }
    }

    private static func read(_ pieces: [[UInt8]], _ limits: HTTP1Limits) -> Transcript {
        var parser = RequestParser(limits: limits)
        var head = RequestHead()
        return Transcript(pieces, limits: limits) { (buffer) throws(MessageError) in
            guard try parser.parse(&buffer, into: &head) else { return nil }
            return Transcript.Message(
                start: [head.methodName, head.target, head.pathAndQuery, head.host].map { range in
                    head.headers.withBytes(range) { Array($0) }
                },
                numbers: [Int(head.method.rawValue), Int(head.minorVersion)],
                flags: [head.keepAlive, head.expectsContinue, head.connectionNamesFields],
                fields: head.headers.contents,
                framing: head.framing
            )
        }
    }

    /// The written message has the same meaning for the next hop.
    private static func checkWritten(_ message: Transcript.Message) throws(BrokenProperty) {
        // HTTP/1.0 may lack the Host that a request written as HTTP/1.1 needs.
        guard message.numbers[1] == 1 else { return }
        var head = RequestHead()
        head.methodName = head.headers.store { $0.write(message.start[0]) }
        for field in message.fields {
            head.headers.add(HeaderName(String(decoding: field[0], as: UTF8.self)), field[1])
        }
        var output = ByteBuffer()
        output.writeRequestLine(head) { $0.writeBytes(message.start[1]) }
        output.writeFields(head.headers)
        output.writeLineEnd()
        let again = self.read([Array(output.readableBytesView)], HTTP1Limits())
        var expected = message
        expected.body = []
        expected.trailers = nil
        expected.isComplete = message.framing.isEmpty
        var found = again.messages.first
        found?.isComplete = message.framing.isEmpty
        try hold(found == expected, "\(message) is \(again) when written again")
    }
}
