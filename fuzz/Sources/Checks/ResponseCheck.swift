import NIOCore

@testable import GatewayHTTP
@testable import GatewayHTTP1

/// Responses on an upstream connection, heads and bodies.
enum ResponseCheck {
    static func check(_ input: [UInt8]) throws(BrokenProperty) {
        for method in [GatewayHTTP.Method.get, .head] {
            let whole = try Transcript.check(input) { self.read($0, answering: method) }
            for message in whole.messages {
                let status = message.numbers[1]
                try hold((100...599).contains(status), "invalid status \(status)")
                let hasNoBody = method == .head || status < 200 || status == 204 || status == 304
                try hold(!hasNoBody || message.framing.isEmpty, "a body after \(status)")
                try hold(message.framing != .untilClose || !message.flags[0], "kept alive after a close-delimited body")
            }
        }
    }

    private static func read(_ pieces: [[UInt8]], answering method: GatewayHTTP.Method) -> Transcript {
        var parser = ResponseParser(limits: Transcript.limits)
        var head = ResponseHead()
        return Transcript(pieces, limits: Transcript.limits) { (buffer) throws(MessageError) in
            guard try parser.parse(&buffer, into: &head, answering: method) else { return nil }
            return Transcript.Message(
                start: [head.headers.withBytes(head.reason ?? .empty) { Array($0) }],
                numbers: [Int(head.minorVersion), head.status],
                flags: [head.keepAlive, head.connectionNamesFields],
                fields: head.headers.contents,
                framing: head.framing
            )
        }
    }
}
