import NIOCore

@testable import Gateway
@testable import GatewayCore
@testable import GatewayHTTP
@testable import GatewayHTTP1
@testable import GatewayMiddlewares

/// `traceparent` on the first line of the input, `tracestate` on the others.
enum TraceContextCheck {
    static func check(_ input: [UInt8]) throws(BrokenProperty) {
        let lines = input.lines
        if let parent = self.parent(lines[0]) {
            var output = ByteBuffer()
            output.writeHead(room: 64) { $0.write(parent) }
            let written = Array(output.readableBytesView)
            try hold(written.count == TraceParent.length, "\(written.count) bytes are written")
            try hold(self.parent(written) == parent, "it changes when written again")
        }
        let states = Array(lines.dropFirst())
        let isValid = TraceState.isValid(HeaderBlock(.tracestate, states))
        let reversed = TraceState.isValid(HeaderBlock(.tracestate, states.reversed()))
        try hold(isValid == reversed, "the result depends on the order of lines")
        let joined = TraceState.isValid(HeaderBlock(.tracestate, [Array(states.joined(separator: [0x2C]))]))
        try hold(isValid == joined, "the result depends on the division into lines")
    }

    private static func parent(_ bytes: [UInt8]) -> TraceParent? { bytes.withUnsafeBytes { TraceParent($0) } }
}
