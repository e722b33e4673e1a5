import GatewaySettings
import NIOCore

/// Searches the beginning of a response body for a text, across the pieces in which the body arrives.
struct BodySearch: Sendable {
    private let text: [UInt8]
    /// The number of further bytes that are searched.
    private var left: Int
    /// The end of the bytes before, shorter than the text, in case the text began there.
    private var tail: [UInt8] = []
    private(set) var isFound: Bool

    /// - Parameter limit: The number of bytes that are searched.
    init(for text: String, within limit: Int = HealthCheckConfiguration.bodyLimit) {
        self.text = Array(text.utf8)
        self.left = limit
        self.isFound = text.isEmpty
    }

    /// Whether there is a text, and it was found.
    var hasFoundText: Bool { self.isFound && !self.text.isEmpty }

    /// Whether the search has seen all bytes that it looks at.
    var isExhausted: Bool { self.left == 0 }

    mutating func add(_ piece: ByteBuffer) {
        let new = piece.readableBytesView.prefix(self.left)
        self.left -= new.count
        guard !self.isFound else { return }
        let bytes = self.tail + new
        self.isFound = !bytes.ranges(of: self.text).isEmpty
        self.tail = bytes.suffix(self.text.count - 1)
    }
}
