package import NIOCore

/// What the payloads of frames contain, with the checks that apply to either peer (RFC 9113 section 6).
extension FrameHead {
    /// Returns the content of DATA or HEADERS, without padding and priority.
    package func content(of payload: ByteBuffer) throws(HTTP2ConnectionError) -> ByteBuffer {
        guard let range = payload.withUnsafeReadableBytes({ self.content(of: $0) }),
            let content = payload.getSlice(at: payload.readerIndex + range.lowerBound, length: range.count)
        else { throw HTTP2ConnectionError(.protocolError, "padding") }
        return content
    }

    package func checkPriority(_ payload: ByteBuffer) throws(HTTP2ConnectionError) {
        guard self.streamID != 0 else { throw HTTP2ConnectionError(.protocolError, "PRIORITY on stream 0") }
        guard self.length == 5 else { throw HTTP2ConnectionError(.frameSize, "PRIORITY") }
        try self.checkDependency(payload.getInteger(at: payload.readerIndex) ?? 0)
    }

    func checkDependency(_ dependency: UInt32) throws(HTTP2ConnectionError) {
        guard dependency & 0x7FFF_FFFF != self.streamID else {
            throw HTTP2ConnectionError(.protocolError, "stream that depends on itself")
        }
    }

    /// Returns the error code of RST_STREAM.
    package func resetCode(_ payload: ByteBuffer) throws(HTTP2ConnectionError) -> HTTP2ErrorCode {
        guard self.streamID != 0 else { throw HTTP2ConnectionError(.protocolError, "RST_STREAM on stream 0") }
        guard self.length == 4, let code = payload.getInteger(at: payload.readerIndex, as: UInt32.self) else {
            throw HTTP2ConnectionError(.frameSize, "RST_STREAM")
        }
        return HTTP2ErrorCode(rawValue: code)
    }

    /// Returns whether SETTINGS acknowledge those of this side.
    package func isSettingsAcknowledgement() throws(HTTP2ConnectionError) -> Bool {
        guard self.streamID == 0 else { throw HTTP2ConnectionError(.protocolError, "SETTINGS on a stream") }
        guard self.flags.contains(.acknowledgement) else { return false }
        guard self.length == 0 else { throw HTTP2ConnectionError(.frameSize, "SETTINGS") }
        return true
    }

    /// Returns the data of PING.
    package func pingData(_ payload: ByteBuffer) throws(HTTP2ConnectionError) -> UInt64 {
        guard self.streamID == 0 else { throw HTTP2ConnectionError(.protocolError, "PING on a stream") }
        guard self.length == 8, let data = payload.getInteger(at: payload.readerIndex, as: UInt64.self) else {
            throw HTTP2ConnectionError(.frameSize, "PING")
        }
        return data
    }

    /// Returns the last stream and the error code of GOAWAY.
    package func goAway(_ payload: ByteBuffer) throws(HTTP2ConnectionError) -> (last: UInt32, code: HTTP2ErrorCode) {
        guard self.streamID == 0 else { throw HTTP2ConnectionError(.protocolError, "GOAWAY on a stream") }
        guard self.length >= 8, let last = payload.getInteger(at: payload.readerIndex, as: UInt32.self),
            let code = payload.getInteger(at: payload.readerIndex + 4, as: UInt32.self)
        else { throw HTTP2ConnectionError(.frameSize, "GOAWAY") }
        return (last & 0x7FFF_FFFF, HTTP2ErrorCode(rawValue: code))
    }

    /// Returns the increment of WINDOW_UPDATE. It is positive on stream 0.
    package func windowIncrement(_ payload: ByteBuffer) throws(HTTP2ConnectionError) -> Int {
        guard self.length == 4, let value = payload.getInteger(at: payload.readerIndex, as: UInt32.self) else {
            throw HTTP2ConnectionError(.frameSize, "WINDOW_UPDATE")
        }
        let increment = Int(value & 0x7FFF_FFFF)
        guard increment > 0 || self.streamID != 0 else {
            throw HTTP2ConnectionError(.protocolError, "WINDOW_UPDATE")
        }
        return increment
    }
}
