import NIOConcurrencyHelpers
import NIOCore

/// The bytes received on a connection. One test at a time can wait for some of them.
final class Inbox: Sendable {
    /// How the peer stopped sending.
    enum End: Sendable, Equatable {
        case finished
        case reset
    }

    private struct State {
        var bytes = ByteBuffer()
        var end: End?
        var total = 0
        var waiting: (@Sendable (inout ByteBuffer, End?) -> (@Sendable () -> Void)?)?
        var heldRead: (@Sendable () -> Void)?
        var limit = Int.max
    }

    private let state = NIOLockedValueBox(State())
    private let eventLoop: any EventLoop

    init(on eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    /// The number of bytes ever received.
    var total: Int { self.state.withLockedValue(\.total) }
    var end: End? { self.state.withLockedValue(\.end) }

    /// Received bytes that no test has taken yet.
    var pending: String { self.state.withLockedValue { String(buffer: $0.bytes) } }

    func append(_ bytes: ByteBuffer) {
        self.update { state in
            state.total += bytes.readableBytes
            var bytes = bytes
            state.bytes.writeBuffer(&bytes)
        }
    }

    func end(_ end: End) { self.update { if $0.end == nil { $0.end = end } } }

    /// Reading from the socket pauses while this many bytes are waiting here.
    func limit(to bytes: Int) { self.update { $0.limit = bytes } }

    func hold(read: @escaping @Sendable () -> Void) {
        self.update { $0.heldRead = read }
    }

    private func update(_ change: (inout State) -> Void) {
        let todo: [@Sendable () -> Void] = self.state.withLockedValue { state in
            change(&state)
            var todo: [@Sendable () -> Void] = []
            if let done = state.waiting?(&state.bytes, state.end) {
                state.waiting = nil
                todo.append(done)
                // Discard what was taken.
                if state.bytes.readableBytes == 0 { state.bytes = ByteBuffer() } else { state.bytes.discardReadBytes() }
            }
            if let read = state.heldRead, state.bytes.readableBytes < state.limit {
                state.heldRead = nil
                todo.append(read)
            }
            return todo
        }
        for action in todo { action() }
    }

    /// Waits until `attempt` returns a value. It consumes the bytes that it used from the front.
    ///
    /// - Throws: ``TimedOut`` with the bytes received until then, or the error of `attempt`.
    func take<T: Sendable>(
        _ what: String,
        within limit: TimeAmount = .seconds(Patience.seconds),
        _ attempt: @escaping @Sendable (inout ByteBuffer, End?) throws -> T?
    ) async throws -> T {
        let promise = self.eventLoop.makePromise(of: T.self)
        let timeout = self.eventLoop.scheduleTask(in: limit) { [state] in
            let left = state.withLockedValue { state in
                state.waiting = nil
                return TimedOut(
                    what: what,
                    received: String(decoding: state.bytes.readableBytesView.prefix(600), as: UTF8.self),
                    end: state.end
                )
            }
            promise.fail(left)
        }
        promise.futureResult.whenComplete { _ in timeout.cancel() }
        self.update { state in
            state.waiting = { bytes, end in
                do {
                    guard let value = try attempt(&bytes, end) else { return nil }
                    return { promise.succeed(value) }
                } catch {
                    return { promise.fail(error) }
                }
            }
        }
        return try await promise.futureResult.get()
    }
}

/// The expected bytes did not arrive in time.
struct TimedOut: Error, CustomStringConvertible {
    let what: String
    var received = ""
    var end: Inbox.End?

    var description: String {
        "waited in vain for \(self.what); had \"\(self.received)\", end: \(self.end.map { "\($0)" } ?? "open")"
    }
}
