import GatewayHTTP
import GatewayHTTP1
import GatewayHTTP2
import NIOCore

/// One request and its response on an HTTP/2 connection to an upstream.
///
/// It reads what arrives on its stream, asks its state machine what to do and does it. It holds the part of the request
/// that the peer does not accept yet.
final class HTTP2UpstreamStream {
    /// How many bytes of the request's body may wait for the peer before the caller has to wait too.
    private static let highWater = 64 * 1024

    let id: UInt32
    private let connection: HTTP2UpstreamConnection
    /// Nil once the stream has ended.
    private(set) var call: UpstreamCall?
    private var machine: StateMachine

    // MARK: The request

    var body: OutgoingBody
    /// Whether the connection will let the stream take its turn.
    var isReady = false
    /// Whether the end of the request follows what waits.
    private var isEndPending = false
    private var trailers: TrailerSection?
    /// Whether the end of the request was sent.
    private(set) var isRequestSent: Bool
    private var isBlocked = false

    // MARK: The response

    private var isPaused = false
    /// What the peer may still send.
    private var receiveWindow = HTTP2UpstreamConnection.streamWindow
    /// The received bytes that the peer may not replace yet.
    private var owed = 0
    /// Whether the connection will tell the caller that the upstream paused.
    var isTouched = false

    /// - Parameter hasBody: Whether a body or trailers follow the head.
    init(
        _ id: UInt32,
        of connection: HTTP2UpstreamConnection,
        for call: UpstreamCall,
        hasBody: Bool,
        isReused: Bool
    ) {
        self.id = id
        self.connection = connection
        self.call = call
        self.body = OutgoingBody(window: connection.frames.settings.initialWindow)
        self.isRequestSent = !hasBody
        self.machine = StateMachine(isReused: isReused)
        if !hasBody { self.machine.requestEnded() }
    }

    private var pool: UpstreamPool { self.connection.pool }

    // MARK: The response

    func receive(_ block: FieldBlock) throws(HTTP2ConnectionError) {
        guard let call = self.call else { return try self.connection.decode(block) { _ in } }
        guard case .head = self.machine.state else { return try self.receiveTrailers(block) }
        var broken: HTTP2ConnectionError?
        do throws(MessageError) {
            let response = try call.caller?
                .fillResponse { head throws(MessageError) in
                    try self.read(block, into: &head, answering: call.method, &broken)
                }
            if let response { try self.receive(response, to: call, endsStream: block.endsStream) }
        } catch {
            self.fail(error)
        }
        if let broken { throw broken }
    }

    /// Reads a block into a head. Returns nil if it breaks the connection.
    private func read(
        _ block: FieldBlock,
        into head: inout ResponseHead,
        answering method: Method,
        _ broken: inout HTTP2ConnectionError?
    ) throws(MessageError) -> UpstreamResponse? {
        head.headers.clear()
        var fields = ResponseFields(limits: self.connection.limits)
        do throws(HTTP2ConnectionError) {
            try self.connection.decode(block) { fields.take($0, into: &head) }
        } catch {
            broken = error
            return nil
        }
        try fields.finish(&head, answering: method, endsStream: block.endsStream)
        return UpstreamResponse(status: head.status, framing: head.framing, keepAlive: true)
    }

    private func receive(
        _ response: UpstreamResponse,
        to call: UpstreamCall,
        endsStream: Bool
    ) throws(MessageError) {
        // Unless the request is retried, the sent part of the body is no longer needed.
        call.replay.answered()
        switch self.machine.head(response) {
        case .unexpectedUpgrade: throw .malformed("101 in HTTP/2")
        case .informational: call.caller?.receiveInformational()
        case .final:
            call.mayHaveArrived = true
            self.connection.answered()
            self.pool.answerBegan(call, status: response.status)
            call.caller?.receiveResponseHead()
            if endsStream, self.call != nil { self.finish(trailers: nil) }
        }
    }

    private func receiveTrailers(_ block: FieldBlock) throws(HTTP2ConnectionError) {
        var fields = TrailerFields(limits: self.connection.limits)
        try self.connection.decode(block) { fields.take($0) }
        do throws(MessageError) {
            let trailers = try fields.finish()
            guard block.endsStream, self.machine.mayEnd else {
                throw .malformed("body shorter than its Content-Length")
            }
            self.finish(trailers: trailers)
        } catch {
            self.fail(error)
        }
    }

    /// - Parameter length: What the frame takes of the windows.
    func receive(_ chunk: ByteBuffer, length: Int, endsStream: Bool) {
        guard let caller = self.call?.caller else { return }
        guard length <= self.receiveWindow else { return self.fail("more than the window allows", .flowControl) }
        self.receiveWindow -= length
        switch self.machine.data(chunk.readableBytes, endsStream: endsStream) {
        case .malformed(let reason): return self.fail(reason)
        case .ignore: return
        case .deliver: break
        }
        self.owed += length
        if chunk.readableBytes > 0 { caller.receive(responseBody: chunk) }
        guard self.call != nil else { return }
        if endsStream { self.finish(trailers: nil) } else { self.returnWindow() }
    }

    /// Lets the peer send more, once half of the window is used up.
    private func returnWindow() {
        guard !self.isPaused, self.call != nil, self.owed >= HTTP2UpstreamConnection.streamWindow / 2 else { return }
        let owed = self.owed
        self.owed = 0
        self.receiveWindow += owed
        self.connection.writeWindowUpdate(self.id, by: owed)
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

    private func fail(_ error: MessageError) { self.fail("\(error.code): \(error.reason)") }

    /// Ends the stream because of an error of the peer (RFC 9113 section 5.4.2).
    func fail(_ reason: String, _ code: HTTP2ErrorCode = .protocolError) {
        guard let call = self.call else { return }
        self.call = nil
        self.machine.ended()
        self.connection.remove(self, reset: code)
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

    /// Sends one DATA frame of at most `limit` bytes. Returns the number of bytes.
    func sendData(limit: Int) -> Int {
        guard let data = self.body.next(limit: limit) else { return 0 }
        let isLast = self.isEndPending && self.body.count == 0
        let endsStream = isLast && self.trailers == nil
        if endsStream { self.sentEnd() }
        self.connection.writeData(data, on: self.id, endsStream: endsStream)
        if isLast { self.sendEnd() }
        if self.isBlocked, self.body.count <= Self.highWater / 2 {
            self.isBlocked = false
            self.connection.writable.append(self)
        }
        return data.readableBytes
    }

    /// Sends the end of the request, behind all of its body.
    private func sendEnd() {
        guard self.isEndPending else { return }
        let trailers = self.trailers
        self.sentEnd()
        if let trailers {
            self.connection.writeTrailers(trailers, on: self.id)
        } else {
            self.connection.writeData(ByteBuffer(), on: self.id, endsStream: true)
        }
    }

    private func sentEnd() {
        self.isEndPending = false
        self.isRequestSent = true
        self.trailers = nil
    }
}

extension HTTP2UpstreamStream: UpstreamStream {
    var isWritable: Bool {
        if self.body.count < Self.highWater { return true }
        self.isBlocked = true
        return false
    }

    var mayBeSentAgain: Bool { self.machine.mayBeSentAgain }

    func writeBody(_ chunk: ByteBuffer) {
        guard chunk.readableBytes > 0, self.call != nil, !self.machine.isRequestEnded else { return }
        self.body.append(chunk)
    }

    func writeEnd(trailers: TrailerSection?) {
        guard self.call != nil, !self.machine.isRequestEnded else { return }
        self.machine.requestEnded()
        self.isEndPending = true
        self.trailers = trailers
    }

    func flush() {
        guard self.call != nil else { return }
        self.machine.sent()
        self.connection.flushSoon()
        if self.body.count == 0 { return self.sendEnd() }
        self.connection.enqueue(self)
        self.connection.pump()
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
