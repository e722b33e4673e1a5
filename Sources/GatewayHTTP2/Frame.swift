package import NIOCore

/// The type of a frame (RFC 9113 section 6). Frames of other types are ignored.
package struct FrameType: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let data = FrameType(rawValue: 0)
    package static let headers = FrameType(rawValue: 1)
    package static let priority = FrameType(rawValue: 2)
    package static let reset = FrameType(rawValue: 3)
    package static let settings = FrameType(rawValue: 4)
    package static let pushPromise = FrameType(rawValue: 5)
    package static let ping = FrameType(rawValue: 6)
    package static let goAway = FrameType(rawValue: 7)
    package static let windowUpdate = FrameType(rawValue: 8)
    package static let continuation = FrameType(rawValue: 9)
}

package struct FrameFlags: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let endStream = FrameFlags(rawValue: 0x1)
    package static let acknowledgement = FrameFlags(rawValue: 0x1)
    package static let endHeaders = FrameFlags(rawValue: 0x4)
    package static let padded = FrameFlags(rawValue: 0x8)
    package static let priority = FrameFlags(rawValue: 0x20)
}

/// An error code of RFC 9113 section 7.
package struct HTTP2ErrorCode: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let noError = HTTP2ErrorCode(rawValue: 0)
    package static let protocolError = HTTP2ErrorCode(rawValue: 1)
    package static let internalError = HTTP2ErrorCode(rawValue: 2)
    package static let flowControl = HTTP2ErrorCode(rawValue: 3)
    package static let settingsTimeout = HTTP2ErrorCode(rawValue: 4)
    package static let streamClosed = HTTP2ErrorCode(rawValue: 5)
    package static let frameSize = HTTP2ErrorCode(rawValue: 6)
    package static let refusedStream = HTTP2ErrorCode(rawValue: 7)
    package static let cancel = HTTP2ErrorCode(rawValue: 8)
    package static let compression = HTTP2ErrorCode(rawValue: 9)
    package static let enhanceYourCalm = HTTP2ErrorCode(rawValue: 11)
}

/// An error of a whole connection (RFC 9113 section 5.4.1).
package struct HTTP2ConnectionError: Error, Sendable {
    package let code: HTTP2ErrorCode
    /// A description for the log and for the debug data of GOAWAY.
    package let reason: StaticString

    package init(_ code: HTTP2ErrorCode, _ reason: StaticString) {
        self.code = code
        self.reason = reason
    }
}

extension HTTP2ConnectionError: CustomStringConvertible {
    package var description: String { "HTTP/2: \(self.reason)" }
}

/// The head of a frame (RFC 9113 section 4.1).
package struct FrameHead: Hashable, Sendable {
    package static let length = 9

    /// The number of bytes of the payload.
    package var length: Int
    package var type: FrameType
    package var flags: FrameFlags
    package var streamID: UInt32

    package init(length: Int, type: FrameType, flags: FrameFlags = [], streamID: UInt32 = 0) {
        self.length = length
        self.type = type
        self.flags = flags
        self.streamID = streamID
    }

    /// Reads the head at the front of `bytes`. Returns nil if there are too few bytes.
    package init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= Self.length else { return nil }
        let first = UInt32(bigEndian: bytes.loadUnaligned(as: UInt32.self))
        self.length = Int(first >> 8)
        self.type = FrameType(rawValue: UInt8(truncatingIfNeeded: first))
        self.flags = FrameFlags(rawValue: bytes[4])
        // The highest bit is reserved and ignored.
        self.streamID = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 5, as: UInt32.self)) & 0x7FFF_FFFF
    }

    /// Returns the range of a payload without its padding (RFC 9113 section 6.1) and its priority (section 6.2), or nil if
    /// they do not fit.
    package func content(of payload: UnsafeRawBufferPointer) -> Range<Int>? {
        var start = 0
        var end = payload.count
        if self.flags.contains(.padded) {
            guard let padding = payload.first else { return nil }
            start = 1
            end -= Int(padding)
        }
        if self.type == .headers, self.flags.contains(.priority) { start += 5 }
        return start <= end ? start..<end : nil
    }

    func write(to target: UnsafeMutableRawBufferPointer) {
        let first = UInt32(truncatingIfNeeded: self.length) << 8 | UInt32(self.type.rawValue)
        target.storeBytes(of: first.bigEndian, as: UInt32.self)
        target[4] = self.flags.rawValue
        target.storeBytes(of: self.streamID.bigEndian, toByteOffset: 5, as: UInt32.self)
    }
}

/// The connection preface of clients (RFC 9113 section 3.4).
package enum ClientPreface {
    package static let text: StaticString = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    package static let length = 24

    /// Returns whether the bytes begin with the preface, or are the beginning of it.
    package static func mayBegin(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let preface = UnsafeRawBufferPointer(start: Self.text.utf8Start, count: Self.length)
        return bytes.prefix(Self.length).elementsEqual(preface.prefix(bytes.count))
    }
}

/// Writes frames.
extension ByteBuffer {
    package mutating func write(_ head: FrameHead) {
        self.writeWithUnsafeMutableBytes(minimumWritableBytes: FrameHead.length) { target in
            head.write(to: target)
            return FrameHead.length
        }
    }

    package mutating func writeReset(_ streamID: UInt32, _ code: HTTP2ErrorCode) {
        self.write(FrameHead(length: 4, type: .reset, streamID: streamID))
        self.writeInteger(code.rawValue)
    }

    package mutating func writeWindowUpdate(_ streamID: UInt32, by increment: Int) {
        self.write(FrameHead(length: 4, type: .windowUpdate, streamID: streamID))
        self.writeInteger(UInt32(clamping: increment))
    }

    package mutating func writePing(_ data: UInt64, isAcknowledgement: Bool) {
        self.write(FrameHead(length: 8, type: .ping, flags: isAcknowledgement ? .acknowledgement : []))
        self.writeInteger(data)
    }

    package mutating func writeGoAway(last streamID: UInt32, _ code: HTTP2ErrorCode, reason: StaticString = "") {
        self.write(FrameHead(length: 8 + reason.utf8CodeUnitCount, type: .goAway))
        self.writeInteger(streamID)
        self.writeInteger(code.rawValue)
        self.writeStaticString(reason)
    }

    package mutating func writeSettings(_ settings: [(HTTP2Setting, UInt32)]) {
        self.write(FrameHead(length: 6 * settings.count, type: .settings))
        for (setting, value) in settings {
            self.writeInteger(setting.rawValue)
            self.writeInteger(value)
        }
    }

    package mutating func writeSettingsAcknowledgement() {
        self.write(FrameHead(length: 0, type: .settings, flags: .acknowledgement))
    }

    /// Writes HEADERS with the block that `encode` appends, and CONTINUATION where the block exceeds a frame.
    package mutating func writeHeaders(
        _ streamID: UInt32,
        endsStream: Bool,
        maxFrame: Int,
        _ encode: (inout ByteBuffer) -> Void
    ) {
        let start = self.writerIndex
        self.moveWriterIndexOverFrameHead()
        encode(&self)
        let length = self.writerIndex - start - FrameHead.length
        var flags: FrameFlags = endsStream ? .endStream : []
        guard length > maxFrame else {
            flags.insert(.endHeaders)
            self.set(FrameHead(length: length, type: .headers, flags: flags, streamID: streamID), at: start)
            return
        }
        guard let block = self.getBytes(at: start + FrameHead.length, length: length) else { return }
        self.moveWriterIndex(to: start)
        var type = FrameType.headers
        var offset = 0
        while offset < length {
            let end = min(length, offset + maxFrame)
            if end == length { flags.insert(.endHeaders) }
            self.write(FrameHead(length: end - offset, type: type, flags: flags, streamID: streamID))
            self.writeBytes(block[offset..<end])
            type = .continuation
            flags = []
            offset = end
        }
    }

    private mutating func moveWriterIndexOverFrameHead() {
        self.writeRepeatingByte(0, count: FrameHead.length)
    }

    private mutating func set(_ head: FrameHead, at index: Int) {
        let offset = index - self.readerIndex
        self.withUnsafeMutableReadableBytes { head.write(to: UnsafeMutableRawBufferPointer(rebasing: $0[offset...])) }
    }
}
