package import GatewayCore
import GatewayHTTP
import NIOCore
import Synchronization

/// A client of a stream: its queue is filled on the event loop of the bus and emptied on that of the connection.
package final class StreamClient: Sendable {
    /// Why a stream ends.
    package enum End: Hashable, Sendable {
        /// The gateway drains.
        case goingAway
        /// The client has sent too many malformed messages.
        case policyViolation
    }

    package let format: StreamFormat
    /// The address of the client, for `/events/clients`.
    package let address: String
    /// Milliseconds since 1970.
    package let since: Int64
    /// Whether the client of a WebSocket has offered the subprotocol.
    let answersProtocol: Bool
    private let state = Mutex(State())

    private struct State {
        var queue = StreamQueue()
        var end: End?
        /// The connection's side; nil before it has begun and after it has ended.
        var stream: NIOLoopBound<EventStream>?
        /// The side of the bus; nil before it knows the client and after it has forgotten it.
        var streams: NIOLoopBound<EventStreams>?
        /// Nil before the bus knows the client.
        var meters: StreamMeters?
        /// Whether the connection's event loop was told.
        var isWoken = false
    }

    package init(_ format: StreamFormat, address: String, answersProtocol: Bool, since: Int64) {
        self.format = format
        self.answersProtocol = answersProtocol
        self.address = address
        self.since = since
    }

    /// How many messages the client was sent and has lost.
    package var counts: (sent: Int, dropped: Int) {
        self.state.withLock { ($0.queue.sent, $0.queue.dropped) }
    }

    /// The number of bytes that wait.
    package var waiting: Int { self.state.withLock { $0.queue.bytes } }

    // MARK: The event loop of the bus

    func attach(_ streams: NIOLoopBound<EventStreams>, _ meters: StreamMeters) {
        self.state.withLock { state in
            state.streams = streams
            state.meters = meters
        }
    }

    /// Called when the bus has forgotten the client.
    func forgotten() { self.state.withLock { $0.streams = nil } }

    /// Adds a message. Call ``wake()`` after the last one.
    func add(_ message: ByteBuffer) {
        self.state.withLock { state in
            let dropped = state.queue.add(message)
            if dropped > 0 { state.meters?.dropped(dropped, self.format) }
        }
    }

    /// Adds a sign of life, unless something else waits.
    func addHeartbeat() {
        self.state.withLock { state in
            if state.queue.isEmpty { state.queue.add(self.format.heartbeat) }
        }
    }

    func end(_ end: End) { self.state.withLock { $0.end = $0.end ?? end } }

    /// Tells the connection that there is something to do.
    func wake() {
        self.state.withLock { state in
            guard !state.isWoken, let stream = state.stream else { return }
            state.isWoken = true
            stream.eventLoop.execute { stream.value.pump() }
        }
    }

    // MARK: The event loop of the connection

    /// Sends the stream as the response of an exchange that waits for one.
    package func begin(_ exchange: Exchange) { EventStream.begin(self, on: exchange) }

    /// Gives the stream up, because the exchange has ended.
    package func leave() {
        self.state.withLock { state in
            state.stream = nil
            guard let streams = state.streams else { return }
            state.streams = nil
            streams.eventLoop.execute { streams.value.close(self) }
        }
    }

    func attach(_ stream: NIOLoopBound<EventStream>) { self.state.withLock { $0.stream = stream } }

    /// Returns what the client gets next, whole messages until they have at least `limit` bytes, and how the stream ends, if
    /// it does.
    func take(upTo limit: Int) -> (batch: ByteBuffer?, end: End?) {
        self.state.withLock { state in
            state.isWoken = false
            let before = state.queue.sent
            let batch = Self.take(upTo: limit, from: &state.queue, self.format)
            if state.queue.sent > before { state.meters?.sent(state.queue.sent - before, self.format) }
            return (batch, state.end)
        }
    }

    private static func take(upTo limit: Int, from queue: inout StreamQueue, _ format: StreamFormat) -> ByteBuffer? {
        var batch: ByteBuffer?
        while batch?.readableBytes ?? 0 < limit {
            let message: ByteBuffer
            switch queue.take() {
            case .nothing: return batch
            case .missed(let count):
                message = format.error(
                    "lagging",
                    "You read too slowly, and the oldest messages were dropped.",
                    missed: count
                )
            case .message(let next): message = next
            }
            // A single message is passed on without a copy.
            if batch == nil { batch = message } else { batch?.writeImmutableBuffer(message) }
        }
        return batch
    }

    /// Hands messages of the client to the bus. The stream is told when they were read.
    ///
    /// - Returns: False if the bus has forgotten the client.
    func received(_ messages: [ByteBuffer?], for stream: NIOLoopBound<EventStream>) -> Bool {
        self.state.withLock { state in
            guard let streams = state.streams else { return false }
            streams.eventLoop.execute {
                streams.value.received(messages, from: self)
                stream.eventLoop.execute { stream.value.messagesRead() }
            }
            return true
        }
    }
}
