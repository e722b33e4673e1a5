import GatewayWebSocket
import NIOCore

/// The frames that one side of a WebSocket sends.
enum WebSocketCheck {
    static func check(_ input: [UInt8]) throws(BrokenProperty) {
        let free = self.pass([input], nil)
        try hold(free.passed == input, "bytes changed without rules")
        for isMasked in [true, false] {
            let rules = WebSocketRules(isMasked: isMasked, maxMessage: 1000)
            let whole = self.pass([input], rules)
            try hold(whole.passed.count <= input.count, "more bytes than arrived")
            for pieces in Segmentation.all(of: input) {
                let other = self.pass(pieces, rules)
                try hold(
                    other.events == whole.events,
                    "\(other.events) in \(pieces.count) pieces, \(whole.events) whole"
                )
                try hold(other.messages == whole.messages, "\(other.messages) messages, \(whole.messages) whole")
                // A frame that breaks a rule late passes in part if it arrives in pieces.
                let isSame = whole.isViolation ? other.passed.starts(with: whole.passed) : other.passed == whole.passed
                try hold(isSame, "other bytes passed in \(pieces.count) pieces")
            }
            // What has passed satisfies the rules.
            let again = self.pass([whole.passed], rules)
            try hold(again.passed == whole.passed && !again.isViolation, "what passed does not pass again")
            try hold(again.messages == whole.messages, "what passed has other messages")
        }
        for pieces in Segmentation.all(of: input) {
            let other = self.pass(pieces, nil)
            try hold(other.messages == free.messages, "\(other.messages) messages, \(free.messages) whole")
        }
    }

    private struct Outcome {
        var passed: [UInt8] = []
        var events: [WebSocketStream.Event] = []
        var messages: UInt64 = 0

        var isViolation: Bool { if case .violation? = self.events.last { true } else { false } }
    }

    private static func pass(_ pieces: [[UInt8]], _ rules: WebSocketRules?) -> Outcome {
        var stream = WebSocketStream(rules: rules, pingToken: 0x6161_6161_6161_6161)
        var outcome = Outcome()
        for piece in pieces {
            var chunk = ByteBuffer(bytes: piece)
            while let event = stream.next(&chunk) {
                if case .forward(let bytes) = event {
                    outcome.passed += bytes.readableBytesView
                } else {
                    outcome.events.append(event)
                }
            }
        }
        outcome.messages = stream.messages
        return outcome
    }
}
