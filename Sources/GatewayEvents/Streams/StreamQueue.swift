import DequeModule
package import NIOCore

/// The messages that wait for a client of a stream. Over its limit it drops the oldest, and counts them.
package struct StreamQueue: Sendable {
    /// The maximum number of bytes that wait.
    package static let limit = 1024 * 1024

    private let limit: Int
    private var messages: Deque<ByteBuffer> = []
    /// The number of bytes that wait.
    package private(set) var bytes = 0
    /// The number of messages that were handed to the connection.
    package private(set) var sent = 0
    /// The number of messages that the client has lost.
    package private(set) var dropped = 0
    /// The part of `dropped` that the client was not told about.
    private var missed = 0

    package init(limit: Int = Self.limit) { self.limit = limit }

    package var isEmpty: Bool { self.messages.isEmpty && self.missed == 0 }

    /// Adds a message. Returns the number of messages that were dropped for it, possibly the message itself.
    @discardableResult
    package mutating func add(_ message: ByteBuffer) -> Int {
        self.messages.append(message)
        self.bytes += message.readableBytes
        var count = 0
        while self.bytes > self.limit, let oldest = self.messages.popFirst() {
            self.bytes -= oldest.readableBytes
            count += 1
        }
        self.dropped += count
        self.missed += count
        return count
    }

    package enum OnTake: Equatable {
        /// Tell the client that it has missed so many messages.
        case missed(Int)
        case message(ByteBuffer)
        case nothing
    }

    /// Takes what the client gets next.
    package mutating func take() -> OnTake {
        guard self.missed == 0 else {
            defer { self.missed = 0 }
            return .missed(self.missed)
        }
        guard let message = self.messages.popFirst() else { return .nothing }
        self.bytes -= message.readableBytes
        self.sent += 1
        return .message(message)
    }
}
