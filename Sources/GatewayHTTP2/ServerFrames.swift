package import NIOCore

/// Reads what a server sends, frame by frame, as strictly as RFC 9113 demands of a client. It knows the connection, not
/// what its streams are for.
package struct ServerFrames: Sendable {
    /// A frame that something has to be done about.
    package enum Event: Sendable {
        /// The server's settings have changed, and must be acknowledged.
        ///
        /// - Parameter windowChange: What the windows of all streams change by.
        case settings(windowChange: Int)
        /// A PING that must be answered with its data.
        case ping(UInt64)
        case block(FieldBlock)
        /// - Parameter length: What the frame takes of the windows.
        case data(UInt32, ByteBuffer, length: Int, endsStream: Bool)
        case reset(UInt32, HTTP2ErrorCode)
        case goAway(last: UInt32, HTTP2ErrorCode)
        /// - Parameter increment: Zero is an error of the stream. It is positive on stream 0.
        case windowUpdate(UInt32, by: Int)
    }

    /// The size of the largest frame. It is the default, so it needs no setting.
    private static let maxFrame = 16_384
    /// The connection's window only limits what is in flight, because it is given back at once.
    private static let connectionWindow = 1 << 30
    /// The number of frames of a kind that are allowed in the period of `FloodGuard`. A server serves many clients on a
    /// connection, so it may send more than a client.
    private static let allowance = 20_000

    private let maxHeaderList: Int
    private var input = ByteBuffer()
    private var hasBegun = false
    private var block: FieldBlock?
    private var floods = FloodGuard(allowance: Self.allowance)
    /// What the server may still send.
    private var receiveWindow = Self.connectionWindow
    package private(set) var settings = PeerSettings()
    /// The highest stream that this side has opened.
    package var lastStream: UInt32 = 0

    /// - Parameter maxHeaderList: The size of a list of fields beyond which the connection ends.
    package init(maxHeaderList: Int) { self.maxHeaderList = maxHeaderList }

    /// Writes what a client sends first: the preface, its settings, and the connection's window.
    package func writeBeginning(to buffer: inout ByteBuffer, streamWindow: Int) {
        buffer.writeStaticString(ClientPreface.text)
        buffer.writeSettings([
            (.enablePush, 0), (.initialWindow, UInt32(clamping: streamWindow)),
            (.maxHeaderList, UInt32(clamping: self.maxHeaderList)),
        ])
        buffer.writeWindowUpdate(0, by: Self.connectionWindow - FlowWindow.initial)
    }

    package mutating func append(_ bytes: ByteBuffer) {
        if self.input.readableBytes == 0 { self.input = bytes } else { self.input.writeImmutableBuffer(bytes) }
    }

    /// Returns what the next frame means, or nil if more bytes are needed.
    package mutating func next(at now: NIODeadline) throws(HTTP2ConnectionError) -> Event? {
        while let head = self.input.withUnsafeReadableBytes({ FrameHead($0) }) {
            try self.check(head)
            guard self.input.readableBytes >= FrameHead.length + head.length else { return nil }
            self.input.moveReaderIndex(forwardBy: FrameHead.length)
            guard let payload = self.input.readSlice(length: head.length) else { return nil }
            if let event = try self.event(of: head, payload, at: now) { return event }
        }
        if self.input.readableBytes == 0 { self.input = ByteBuffer() }
        return nil
    }

    /// Checks a head before its payload has arrived.
    private mutating func check(_ head: FrameHead) throws(HTTP2ConnectionError) {
        if !self.hasBegun {
            guard head.type == .settings, !head.flags.contains(.acknowledgement) else {
                throw HTTP2ConnectionError(.protocolError, "no SETTINGS at the beginning")
            }
            self.hasBegun = true
        }
        guard head.length <= Self.maxFrame else { throw HTTP2ConnectionError(.frameSize, "frame too long") }
        if let block = self.block {
            guard head.type == .continuation, head.streamID == block.streamID else {
                throw HTTP2ConnectionError(.protocolError, "frame inside a field block")
            }
        }
    }

    private mutating func event(
        of head: FrameHead,
        _ payload: ByteBuffer,
        at now: NIODeadline
    ) throws(HTTP2ConnectionError) -> Event? {
        switch head.type {
        case .data: return try self.data(head, payload, at: now)
        case .headers:
            try self.checkStream(head)
            return try self.completed(FieldBlock(head, payload), head)
        case .continuation: return try self.continuation(head, payload)
        case .priority:
            try head.checkPriority(payload)
            try self.count(.priority, at: now)
        case .reset:
            let code = try head.resetCode(payload)
            try self.checkStream(head)
            try self.count(.reset, at: now)
            return .reset(head.streamID, code)
        case .settings:
            guard try !head.isSettingsAcknowledgement() else { return nil }
            try self.count(.settings, at: now)
            return try .settings(windowChange: self.read(payload))
        case .ping:
            let data = try head.pingData(payload)
            guard !head.flags.contains(.acknowledgement) else { return nil }
            try self.count(.ping, at: now)
            return .ping(data)
        case .goAway:
            let (last, code) = try head.goAway(payload)
            return .goAway(last: last, code)
        case .windowUpdate:
            let increment = try head.windowIncrement(payload)
            if head.streamID != 0 { try self.checkStream(head) }
            try self.count(.windowUpdate, at: now)
            return .windowUpdate(head.streamID, by: increment)
        // Push is disabled (RFC 9113 section 8.4).
        case .pushPromise: throw HTTP2ConnectionError(.protocolError, "push that is disabled")
        // RFC 9113 section 5.5: unknown types are ignored.
        default: break
        }
        return nil
    }

    /// A server uses only streams that the client has opened.
    private func checkStream(_ head: FrameHead) throws(HTTP2ConnectionError) {
        guard head.streamID & 1 == 1, head.streamID <= self.lastStream else {
            throw HTTP2ConnectionError(.protocolError, "frame on an idle stream")
        }
    }

    private mutating func data(
        _ head: FrameHead,
        _ payload: ByteBuffer,
        at now: NIODeadline
    ) throws(HTTP2ConnectionError) -> Event {
        try self.checkStream(head)
        guard head.length <= self.receiveWindow else { throw HTTP2ConnectionError(.flowControl, "connection window") }
        self.receiveWindow -= head.length
        let content = try head.content(of: payload)
        let endsStream = head.flags.contains(.endStream)
        if content.readableBytes == 0, !endsStream { try self.count(.emptyData, at: now) }
        return .data(head.streamID, content, length: head.length, endsStream: endsStream)
    }

    private mutating func continuation(
        _ head: FrameHead,
        _ payload: ByteBuffer
    ) throws(HTTP2ConnectionError) -> Event? {
        guard var block = self.block else { throw HTTP2ConnectionError(.protocolError, "CONTINUATION") }
        self.block = nil
        guard !block.isFlood(adding: payload, limit: self.maxHeaderList) else { throw Self.flood }
        return self.completed(block, head)
    }

    private mutating func completed(_ block: FieldBlock, _ head: FrameHead) -> Event? {
        if head.flags.contains(.endHeaders) { return .block(block) }
        self.block = block
        return nil
    }

    /// Returns what the windows of all streams change by.
    private mutating func read(_ payload: ByteBuffer) throws(HTTP2ConnectionError) -> Int {
        let window = self.settings.initialWindow
        var settings = self.settings
        try payload.withUnsafeReadableBytes { (bytes) throws(HTTP2ConnectionError) in try settings.read(bytes) }
        // RFC 9113 section 6.5.2.
        guard !settings.enablesPush else { throw HTTP2ConnectionError(.protocolError, "SETTINGS_ENABLE_PUSH") }
        self.settings = settings
        return settings.initialWindow - window
    }

    // MARK: Windows and floods

    /// Returns how much of the connection's window to give back now.
    package mutating func takeWindow() -> Int {
        guard self.receiveWindow < Self.connectionWindow / 2 else { return 0 }
        defer { self.receiveWindow = Self.connectionWindow }
        return Self.connectionWindow - self.receiveWindow
    }

    /// Counts a DATA frame that was sent, which the server may answer with PING and WINDOW_UPDATE.
    package mutating func sentData() { self.floods.sentData() }

    package mutating func count(_ kind: FloodGuard.Kind, at now: NIODeadline) throws(HTTP2ConnectionError) {
        if self.floods.isFlood(kind, at: now) { throw Self.flood }
    }

    package static let flood = HTTP2ConnectionError(.enhanceYourCalm, "flood")
}
