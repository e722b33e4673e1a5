package import NIOCore

/// The frames that one side of a WebSocket sends, followed while their bytes pass through.
///
/// Without rules it counts messages and finds the ends of frames, and all bytes pass at once. With rules it checks each
/// frame before any of its bytes pass: it holds a head until it is complete, and a control frame as a whole. Payloads of
/// messages are never held.
package struct WebSocketStream {
    package enum Event: Equatable {
        /// Send these bytes to the other side.
        case forward(ByteBuffer)
        /// A frame has ended, and another frame may be inserted.
        case boundary
        /// A close frame has passed, with this code.
        case close(UInt16)
        /// The frame breaks a rule, and none of it passed unless ``isBetweenFrames`` is false. Nothing more passes.
        case violation(UInt16)
    }

    private enum Stage: Hashable {
        case head
        case payload
        /// Nothing more passes, because the side has sent a close frame or broken a rule.
        case over
    }

    private let rules: WebSocketRules?
    /// The payload of the gateway's own pings, whose pongs do not pass.
    private let pingToken: UInt64

    /// Whether to report each ``Event/boundary``.
    package var stopsAtBoundary = false
    /// The number of complete messages.
    package private(set) var messages: UInt64 = 0

    private var stage = Stage.head
    private var reader = WebSocketFrameHeadReader()
    private var left: UInt64 = 0
    private var mask = WebSocketMask(0)
    private var control = ControlPayload()
    private var message = Message()
    /// Whether the passed bytes ended in the middle of a frame.
    private var isInFrame = false

    /// The received part of a head or control frame that has not passed.
    private var held = ByteBuffer()
    private var nextForward: ByteBuffer?
    private var nextEvent: Event?

    package init(rules: WebSocketRules? = nil, pingToken: UInt64 = 0) {
        self.rules = rules
        self.pingToken = pingToken
    }

    /// Whether the passed bytes end between two frames, where another frame may be inserted.
    package var isBetweenFrames: Bool { !self.isInFrame }

    /// Takes the next event from the front of `chunk`. Returns nil if more bytes are needed.
    package mutating func next(_ chunk: inout ByteBuffer) -> Event? {
        if let forward = self.nextForward {
            self.nextForward = nil
            return .forward(forward)
        }
        if let event = self.nextEvent {
            self.nextEvent = nil
            return event
        }
        while chunk.readableBytes > 0 {
            guard self.stage != .over else {
                chunk.clear()
                return nil
            }
            if let event = self.pass(&chunk) { return event }
        }
        return nil
    }

    /// Scans the front of `chunk`. Returns nil if nothing of it passes.
    private mutating func pass(_ chunk: inout ByteBuffer) -> Event? {
        let pass = chunk.withUnsafeReadableBytes { self.scan($0) }
        let passed = pass.count > 0 ? chunk.readSlice(length: pass.count) : nil
        let held = self.held
        // What was held passes, or it is part of a frame that is dropped.
        if pass.releasesHeld || !pass.holds, held.readableBytes > 0 { self.held = ByteBuffer() }
        self.take(pass.end - pass.count, from: &chunk, holding: pass.holds)
        if pass.releasesHeld, held.readableBytes > 0 {
            self.nextForward = passed
            self.nextEvent = pass.event
            return .forward(held)
        }
        guard let passed else { return pass.event }
        self.nextEvent = pass.event
        return .forward(passed)
    }

    private mutating func take(_ count: Int, from chunk: inout ByteBuffer, holding: Bool) {
        guard count > 0 else { return }
        guard var rest = chunk.readSlice(length: count), holding else { return }
        self.held.writeBuffer(&rest)
    }

    // MARK: Scanning

    /// The outcome of a look at received bytes.
    private struct Pass {
        /// The number of bytes that pass.
        var count = 0
        /// The number of bytes that were looked at.
        var end = 0
        /// Whether the held bytes pass too, in front of the others.
        var releasesHeld = false
        /// Whether the bytes that were looked at and do not pass are held. Otherwise they are dropped.
        var holds = false
        var event: Event?
    }

    private mutating func scan(_ bytes: UnsafeRawBufferPointer) -> Pass {
        var pass = Pass()
        /// Where the frame begins of which nothing has passed; nil in a frame that has begun to pass.
        var start = self.isInFrame ? nil : Optional(0)
        while pass.end < bytes.count {
            if self.stage == .head {
                if self.reader.isAtStart, self.rules == nil || !self.isInFrame { start = pass.end }
                guard self.readHead(bytes, &pass) else { break }
                if let code = self.beginFrame() {
                    self.fail(code, at: start, &pass)
                    return pass
                }
            }
            switch self.readPayload(bytes, &pass) {
            case .incomplete: break
            case .invalid(let code):
                self.fail(code, at: start, &pass)
                return pass
            case .end:
                if self.endFrame(from: start, &pass) { return pass }
                start = nil
            }
        }
        self.release(bytes.count, from: start, &pass)
        return pass
    }

    /// Decides how much passes at the end of the received bytes.
    private mutating func release(_ count: Int, from start: Int?, _ pass: inout Pass) {
        let isWhole = self.stage == .head && self.reader.isAtStart
        guard self.rules != nil else {
            pass.count = count
            self.isInFrame = !isWhole
            return
        }
        let isHeld = !isWhole && !self.isInData
        pass.count = isHeld ? start ?? 0 : count
        pass.holds = isHeld
        // Bytes that were held from before belong to the first frame here.
        pass.releasesHeld = pass.count > 0 || !isHeld
        self.isInFrame = self.isInData
    }

    /// Whether the payload of a message is being read, whose head has passed or passes now.
    private var isInData: Bool { self.stage == .payload && !self.reader.head.isControl }

    private mutating func readHead(_ bytes: UnsafeRawBufferPointer, _ pass: inout Pass) -> Bool {
        while pass.end < bytes.count {
            let byte = bytes[pass.end]
            pass.end &+= 1
            if self.reader.read(byte) { return true }
        }
        return false
    }

    /// Begins the frame whose head was read. Returns the code of the rule that it breaks.
    private mutating func beginFrame() -> UInt16? {
        let head = self.reader.head
        if let rules = self.rules, let code = self.message.check(head, rules) { return code }
        self.stage = .payload
        self.left = head.length
        self.mask = WebSocketMask(head.mask)
        if head.isControl { self.control = ControlPayload() }
        return nil
    }

    private enum OnPayload {
        case incomplete, end
        case invalid(UInt16)
    }

    private mutating func readPayload(_ bytes: UnsafeRawBufferPointer, _ pass: inout Pass) -> OnPayload {
        let count = Int(min(self.left, UInt64(bytes.count - pass.end)))
        if count > 0 {
            let piece = UnsafeRawBufferPointer(rebasing: bytes[pass.end..<(pass.end + count)])
            if self.reader.head.isControl {
                self.control.read(piece, mask: self.mask)
            } else if self.message.isText, !self.message.text.read(piece, mask: self.mask) {
                return .invalid(WebSocketCloseCode.invalidText)
            }
            self.mask.advance(by: count)
            self.left -= UInt64(count)
            pass.end += count
        }
        guard self.left == 0 else { return .incomplete }
        if self.reader.head.isFinal, self.message.isText, !self.reader.head.isControl, !self.message.text.isComplete {
            return .invalid(WebSocketCloseCode.invalidText)
        }
        return .end
    }

    /// Ends the frame. Returns true if the pass ends with it.
    private mutating func endFrame(from start: Int?, _ pass: inout Pass) -> Bool {
        let head = self.reader.head
        self.stage = .head
        self.isInFrame = false
        if !head.isControl {
            if head.isFinal {
                self.messages += 1
                self.message.ended()
            }
        } else if head.opcode == WebSocketFrameHead.close {
            return self.endClose(from: start, &pass)
        } else if self.rules != nil, head.opcode == WebSocketFrameHead.pong, self.control.matches(self.pingToken) {
            // What comes before it passes, and the pong is dropped, with its part that is held.
            pass.count = start ?? 0
            pass.releasesHeld = pass.count > 0
            return true
        }
        guard self.stopsAtBoundary else { return false }
        pass.count = pass.end
        pass.releasesHeld = true
        pass.event = .boundary
        return true
    }

    private mutating func endClose(from start: Int?, _ pass: inout Pass) -> Bool {
        if self.rules != nil {
            if let code = self.control.mistakeOfClose {
                self.fail(code, at: start, &pass)
                return true
            }
            self.stage = .over
        }
        pass.count = pass.end
        pass.releasesHeld = true
        pass.event = .close(self.control.closeCode)
        return true
    }

    private mutating func fail(_ code: UInt16, at start: Int?, _ pass: inout Pass) {
        self.stage = .over
        // A frame that has begun to pass stays incomplete.
        self.isInFrame = start == nil
        pass.count = start ?? 0
        pass.releasesHeld = pass.count > 0
        pass.event = .violation(code)
    }
}

extension WebSocketStream {
    /// The message that is being sent, which other frames may interrupt.
    private struct Message {
        private var isOpen = false
        private var length: UInt64 = 0
        /// Whether its payload is checked as text.
        private(set) var isText = false
        var text = UTF8Validator()

        /// Checks the head of the next frame. Returns the close code for the rule that it breaks.
        mutating func check(_ head: WebSocketFrameHead, _ rules: WebSocketRules) -> UInt16? {
            let begins = !head.isControl && head.opcode != WebSocketFrameHead.continuation
            guard head.isKnown, head.isMasked == rules.isMasked, head.length >> 63 == 0,
                rules.extensions.allow(head.reserved, beginsMessage: begins)
            else { return WebSocketCloseCode.protocolError }
            if head.isControl {
                return head.isFinal && head.length <= 125 ? nil : WebSocketCloseCode.protocolError
            }
            guard begins != self.isOpen else { return WebSocketCloseCode.protocolError }
            if begins {
                self.length = 0
                self.isOpen = true
                self.isText =
                    head.opcode == WebSocketFrameHead.text && head.reserved == 0 && !rules.extensions.areUnknown
                self.text = UTF8Validator()
            }
            guard head.length <= rules.maxMessage - self.length else { return WebSocketCloseCode.tooLarge }
            self.length += head.length
            return nil
        }

        mutating func ended() {
            self.isOpen = false
            self.isText = false
        }
    }

    /// What matters of the payload of a control frame.
    private struct ControlPayload {
        /// The first eight bytes, the first one in the lowest bits.
        private var first: UInt64 = 0
        private var count = 0
        private var reason = UTF8Validator()
        private var isReasonValid = true

        mutating func read(_ piece: UnsafeRawBufferPointer, mask: WebSocketMask) {
            let key = mask.word
            for index in 0..<piece.count {
                let byte = piece[index] ^ UInt8(truncatingIfNeeded: key >> (8 * UInt64(index & 3)))
                if self.count < 8 { self.first |= UInt64(byte) << (8 * UInt64(self.count)) }
                if self.count >= 2, self.isReasonValid {
                    self.isReasonValid = withUnsafeBytes(of: byte) { self.reason.read($0, mask: WebSocketMask(0)) }
                }
                // Control frames that nothing checks may have any length.
                if self.count < 1 << 20 { self.count += 1 }
            }
        }

        func matches(_ token: UInt64) -> Bool { self.count == 8 && self.first == token }

        var closeCode: UInt16 {
            self.count < 2 ? WebSocketCloseCode.none : UInt16(truncatingIfNeeded: self.first).byteSwapped
        }

        /// The code of the rule that a close frame with this payload breaks (RFC 6455 section 5.5.1).
        var mistakeOfClose: UInt16? {
            guard self.count > 0 else { return nil }
            guard self.count >= 2, WebSocketCloseCode.maySend(self.closeCode) else {
                return WebSocketCloseCode.protocolError
            }
            return self.isReasonValid && self.reason.isComplete ? nil : WebSocketCloseCode.invalidText
        }
    }
}
