import NIOCore

@testable import Gateway
@testable import GatewayMiddlewares

/// Nonces in HTML: the result does not depend on how the page is split, and nothing else in the page changes.
enum HTMLCheck {
    private static let attribute = Array(" nonce=\"".utf8) + HTMLCheck.nonce.bytes + Array("\"".utf8)
    private static let nonce: Nonce = {
        struct Zeros: RandomNumberGenerator { mutating func next() -> UInt64 { 0 } }
        var zeros = Zeros()
        return Nonce(using: &zeros)
    }()

    static func check(_ input: [UInt8]) throws(BrokenProperty) {
        let whole = self.read([input])
        for pieces in Segmentation.all(of: input) {
            try hold(self.read(pieces) == whole, "another result in \(pieces.count) pieces")
        }
        var position = 0
        for byte in input {
            if whole[position...].starts(with: self.attribute) { position += self.attribute.count }
            try hold(position < whole.count && whole[position] == byte, "byte \(position) is not from the page")
            position += 1
        }
        try hold(position == whole.count, "\(whole.count - position) bytes more than the page has")
    }

    private static func read(_ pieces: [[UInt8]]) -> [UInt8] {
        var machine = HTMLNonceStateMachine(self.nonce)
        var output = ByteBuffer()
        for piece in pieces { piece.withUnsafeBytes { machine.write($0, to: &output) } }
        machine.end(to: &output)
        return Array(output.readableBytesView)
    }
}
