@testable import GatewayTLS

/// The first bytes of a TLS connection, from either side.
enum HandshakeCheck {
    static func check(_ input: [UInt8]) throws(BrokenProperty) {
        let hello = self.readHello([input])
        let choice = self.readChoice([input])
        for pieces in Segmentation.all(of: input) {
            let other = self.readHello(pieces)
            try hold(other == hello, "read differently in \(pieces.count) pieces: \(other), whole: \(hello)")
            try hold(self.readChoice(pieces) == choice, "the choice differs in \(pieces.count) pieces")
        }
        guard case .hello(let hello) = hello else { return }
        if let name = hello.serverName {
            try hold(name == name.lowercased() && !name.contains("\0"), "the name \(name) is not in lookup form")
        }
        try hold(hello.protocols.map { !$0.isEmpty && !$0.contains("") } ?? true, "an empty protocol")
    }

    private static func readHello(_ pieces: [[UInt8]]) -> ClientHelloReader.OnBytes {
        var reader = ClientHelloReader()
        for piece in pieces {
            let result = reader.read(piece)
            if result != .needMore { return result }
        }
        return .needMore
    }

    private static func readChoice(_ pieces: [[UInt8]]) -> ServerHelloReader.Choice? {
        var reader = ServerHelloReader()
        for piece in pieces { reader.read(piece) }
        return reader.choice
    }
}
