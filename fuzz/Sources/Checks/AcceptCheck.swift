import NIOCore

@testable import Gateway
@testable import GatewayHTTP
@testable import GatewayHTTP1

/// `Accept-Encoding` and `Accept`: each line of the input is one line of the field.
enum AcceptCheck {
    static func check(_ input: [UInt8]) throws(BrokenProperty) {
        let lines = input.lines
        let joined = [Array(lines.joined(separator: Array(", ".utf8)))]
        try self.checkEncodings(lines, joined)
        try self.checkTypes(lines, joined)
    }

    private static func checkEncodings(_ lines: [[UInt8]], _ joined: [[UInt8]]) throws(BrokenProperty) {
        let accepted = AcceptEncoding(HeaderBlock(.acceptEncoding, lines))
        let reversed = AcceptEncoding(HeaderBlock(.acceptEncoding, lines.reversed()))
        try hold(accepted == reversed, "the result depends on the order of lines")
        try hold(
            accepted == AcceptEncoding(HeaderBlock(.acceptEncoding, joined)),
            "the result depends on the division into lines"
        )
        for codings: ContiguousArray<ContentCoding> in [[.gzip, .deflate, .brotli], [.brotli, .gzip], [.gzip], []] {
            let best = accepted.best(of: codings)
            try hold(best.map(codings.contains) ?? true, "\(codings) does not contain \(String(describing: best))")
            let backwards = accepted.best(of: ContiguousArray(codings.reversed()))
            try hold((best == nil) == (backwards == nil), "the gateway's order decides whether to encode")
        }
    }

    private static func checkTypes(_ lines: [[UInt8]], _ joined: [[UInt8]]) throws(BrokenProperty) {
        for (type, subtype): (StaticString, StaticString) in [("text", "html"), ("application", "problem+json")] {
            let quality = AcceptedTypes.quality(of: type, subtype, in: HeaderBlock(.accept, lines))
            try hold((0...1000).contains(quality), "invalid weight \(quality)")
            let again = AcceptedTypes.quality(of: type, subtype, in: HeaderBlock(.accept, joined))
            try hold(quality == again, "depends on the division into lines: \(quality), \(again)")
        }
    }
}
