import GatewayHTTP
import GatewayHTTP1
import GatewayHTTP2
import NIOCore
import NIOHPACK
import NIOHTTP2

/// One request and its response on an HTTP/2 connection to an upstream.
///
/// It decodes the frames of its stream, asks its state machine what to do and does it.
final class HTTP2UpstreamStream {
    /// How many bytes of the request's body may wait for the peer's window before the caller has to wait too.
    private static let highWater = 64 * 1024

    let id: HTTP2StreamID
    private let connection: HTTP2UpstreamConnection
    /// Nil once the stream has ended.
    private(set) var call: UpstreamCall?
    private var machine: StateMachine
    /// The last piece of the body, held back because it may be the one that ends the stream.
    private var pending: ByteBuffer?
    /// The bytes of the body that were written, but not sent.
    private var unsent = 0
    /// Whether the end of the request was sent.
    private(set) var isRequestSent: Bool
    private var isBlocked = false
    private var isPaused = false
    /// The received bytes that the peer may not replace yet.
    private var owed = 0
    /// Whether the connection will tell the caller that the upstream paused.
    var isTouched = false

    /// - Parameter hasBody: Whether a body or trailers follow the head.
    init(
        _ id: HTTP2StreamID,
        of connection: HTTP2UpstreamConnection,
        for call: UpstreamCall,
        hasBody: Bool,
        isReused: Bool
    ) {
        self.id = id
        self.connection = connection
        self.call = call
        self.isRequestSent = !hasBody
        self.machine = StateMachine(isReused: isReused)
        if !hasBody { self.machine.requestEnded() }
    }

    private var pool: UpstreamPool { self.connection.pool }

    // MARK: The response

    func receive(_ list: HPACKHeaders, endsStream: Bool) {
        do throws(MessageError) {
            if case .head = self.machine.state {
                try self.receiveHead(list, endsStream: endsStream)
            } else if self.call != nil {
                let trailers = try self.connection.fields.readTrailers(list)
                guard endsStream, self.machine.mayEnd else {
                    throw .malformed("body shorter than its Content-Length")
                }
                self.finish(trailers: TrailerSection(received: trailers))
            }
        } catch {
            self.fail("\(error.code): \(error.reason)")
        }
    }

    private func receiveHead(_ list: HPACKHeaders, endsStream: Bool) throws(MessageError) {
        guard let call = self.call, let caller = call.caller else { return }
        let fields = self.connection.fields
        let response = try caller.fillResponse { head throws(MessageError) in
            try fields.read(list, into: &head, answering: call.method, endsStream: endsStream)
            return UpstreamResponse(status: head.status, framing: head.framing, keepAlive: true)
        }
        guard let response else { return }
        // Unless the request is retried, the sent part of the body is no longer needed.
        call.replay.answered()
        switch self.machine.head(response) {
        case .unexpectedUpgrade: throw .malformed("101 in HTTP/2")
        case .informational: caller.receiveInformational()
        case .final:
            call.mayHaveArrived = true
            self.connection.answered()
            self.pool.answerBegan(call, status: response.status)
            caller.receiveResponseHead()
            if endsStream, self.call != nil { self.finish(trailers: nil) }
        }
    }

    /// - Parameter count: The bytes that the frame takes of the window, with its padding.
    func receive(_ chunk: ByteBuffer, windowed count: Int, endsStream: Bool) {
        guard let caller = self.call?.caller else { return }
        switch self.machine.data(chunk.readableBytes, endsStream: endsStream) {
        case .malformed(let reason): return self.fail(reason)
        case .ignore: return
        case .deliver: break
        }
        self.owed += count
        if chunk.readableBytes > 0 { caller.receive(responseBody: chunk) }
        guard self.call != nil else { return }
        if endsStream { self.finish(trailers: nil) } else { self.returnWindow() }
    }

    /// Lets the peer send more, once half of the window is used up.
    private func returnWindow() {
        guard !self.isPaused, self.call != nil, self.owed >= HTTP2UpstreamConnection.streamWindow / 2 else { return }
        let owed = self.owed
        self.owed = 0
        self.connection.write(.windowUpdate(windowSizeIncrement: owed), on: self)
        self.connection.flushSoon()
    }

    // MARK: The end

    private func finish(trailers: TrailerSection?) {
        guard let call = self.call else { return }
        self.call = nil
        self.machine.ended()
        self.pool.answered(call, status: self.machine.status)
        // The rest of the request is no longer wanted.
        self.connection.remove(self, reset: self.isRequestSent ? nil : .noError)
        call.caller?.receiveResponseEnd(trailers: trailers)
        self.connection.streamEnded()
    }

    /// Ends the stream because of a malformed response.
    ///
    /// - Parameter isOpen: Whether the peer has to be told.
    func fail(_ reason: String, isOpen: Bool = true) {
        guard let call = self.call else { return }
        self.call = nil
        self.machine.ended()
        self.connection.remove(self, reset: isOpen ? .protocolError : nil)
        let error = GatewayError.malformedAnswer(reason: reason)
        call.hasFailedHere = true
        self.pool.judge(call, error.failure)
        call.mayHaveArrived = true
        call.fail(error)
        self.connection.streamEnded()
    }

    /// Handles a stream that ended before its response was complete. The connection no longer knows it.
    func lost(_ cause: StateMachine.Cause, reason: String) {
        guard let call = self.call else { return }
        self.call = nil
        let request = StateMachine.Request(
            isIdempotent: call.method.isIdempotent,
            isBodyKept: call.replay.isWhole,
            resends: call.resends
        )
        if self.machine.hasSent, cause != .refused { call.mayHaveArrived = true }
        let hasBegun = self.machine.state != .head
        let error = GatewayError.upstreamReset(reason: reason)
        switch self.machine.lost(cause, request, hasAnswered: self.connection.hasAnswered) {
        case .complete:
            self.pool.answered(call, status: self.machine.status)
            call.caller?.receiveResponseEnd(trailers: nil)
        case .failed:
            if !hasBegun {
                call.hasFailedHere = true
                self.pool.judge(call, error.failure)
            }
            call.fail(error)
        case .refused: self.pool.sendElsewhere(call, than: self.connection)
        case .sendAgain: self.pool.sendAgain(call)
        case .reset(let isFresh, let mayMove): self.pool.wasReset(call, error, isFresh: isFresh, mayMove: mayMove)
        }
    }

    // MARK: The request

    /// Records that bytes of the body were sent.
    ///
    /// - Returns: Whether the caller has to be told that it may write again.
    func sent(_ count: Int, endsStream: Bool) -> Bool {
        self.unsent -= count
        if endsStream { self.isRequestSent = true }
        guard self.isBlocked, self.unsent <= Self.highWater / 2 else { return false }
        self.isBlocked = false
        return true
    }

    private func writePending() {
        guard let pending = self.pending else { return }
        self.pending = nil
        self.connection.write(.data(.init(data: .byteBuffer(pending))), on: self)
    }
}

extension HTTP2UpstreamStream: UpstreamStream {
    var isWritable: Bool {
        if self.unsent < Self.highWater { return true }
        self.isBlocked = true
        return false
    }

    var mayBeSentAgain: Bool { self.machine.mayBeSentAgain }

    func writeBody(_ chunk: ByteBuffer) {
        guard chunk.readableBytes > 0, self.call != nil, !self.machine.isRequestEnded else { return }
        self.writePending()
        self.unsent += chunk.readableBytes
        self.pending = chunk
    }

    func writeEnd(trailers: TrailerSection?) {
        guard self.call != nil, !self.machine.isRequestEnded else { return }
        self.machine.requestEnded()
        if let trailers {
            self.writePending()
            let list = RequestHeaderList.list(ofTrailers: trailers.fields)
            return self.connection.write(.headers(.init(headers: list, endStream: true)), on: self)
        }
        let last = self.pending ?? ByteBuffer()
        self.pending = nil
        self.connection.write(.data(.init(data: .byteBuffer(last), endStream: true)), on: self)
    }

    func flush() {
        guard self.call != nil else { return }
        self.writePending()
        self.machine.sent()
        if self.unsent < Self.highWater { self.connection.flushSoon() } else { self.connection.flush() }
    }

    func pauseReading() { self.isPaused = true }

    func resumeReading() {
        self.isPaused = false
        self.returnWindow()
    }

    func discard() {
        if let call = self.call { self.pool.answered(call, status: self.machine.status) }
        self.cancel()
    }

    func cancel() {
        guard let call = self.call else { return }
        self.call = nil
        if self.machine.hasSent { call.mayHaveArrived = true }
        self.machine.ended()
        self.connection.remove(self, reset: .cancel)
        self.connection.streamEnded()
    }
}

@available(*, unavailable)
extension HTTP2UpstreamStream: Sendable {}
