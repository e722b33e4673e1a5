import NIOCore

@testable import GatewayCore
@testable import GatewayHTTP
@testable import GatewaySettings

/// The start of a connection whose peer sends a header of the PROXY protocol.
enum ProxyHeaderCheck {
    static func check(_ input: [UInt8]) throws(BrokenProperty) {
        let whole = self.read([input])
        for pieces in Segmentation.all(of: input) {
            let other = self.read(pieces)
            try hold(other == whole, "parsed differently in \(pieces.count) pieces: \(other), whole: \(whole)")
        }
        guard let header = whole.header else { return }
        try hold(whole.left < input.count, "a header without bytes")
        for version in [ProxyProtocolVersion.v1, .v2] {
            var written = ByteBuffer()
            header.write(version, into: &written)
            let again = self.read([Array(written.readableBytesView)])
            // Version 1 has one word for both.
            let isSame = again.header == header || version == .v1 && header == .local && again.header == .unknown
            try hold(isSame && again.left == 0, "\(header) is \(again) when written again")
        }
    }

    private struct Start: Equatable {
        var header: ProxyHeader?
        var failure: MalformedProxyHeader?
        var left = 0
    }

    private static func read(_ pieces: [[UInt8]]) -> Start {
        var parser = ProxyHeaderParser()
        var start = Start()
        for piece in pieces {
            var buffer = ByteBuffer(bytes: piece)
            if start.header == nil, start.failure == nil {
                do throws(MalformedProxyHeader) {
                    start.header = try parser.read(&buffer)
                } catch {
                    start.failure = error
                }
            }
            // What follows a malformed header is dropped.
            if start.failure == nil { start.left += buffer.readableBytes }
        }
        return start
    }
}
