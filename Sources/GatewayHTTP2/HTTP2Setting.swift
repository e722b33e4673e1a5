/// A setting of RFC 9113 section 6.5.2.
package struct HTTP2Setting: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let headerTableSize = HTTP2Setting(rawValue: 1)
    package static let enablePush = HTTP2Setting(rawValue: 2)
    package static let maxStreams = HTTP2Setting(rawValue: 3)
    package static let initialWindow = HTTP2Setting(rawValue: 4)
    package static let maxFrame = HTTP2Setting(rawValue: 5)
    package static let maxHeaderList = HTTP2Setting(rawValue: 6)
    /// RFC 8441 section 3.
    package static let enableConnectProtocol = HTTP2Setting(rawValue: 8)
}

/// The settings of a peer that determine what it may be sent.
package struct PeerSettings: Hashable, Sendable {
    package private(set) var initialWindow = FlowWindow.initial
    package private(set) var maxFrame = 16_384
    /// The smallest size of the table for compression that the peer has allowed.
    package private(set) var smallestTable = 4_096
    /// The maximum number of open streams. Nil if the peer names none.
    package private(set) var maxStreams: Int?
    package private(set) var enablesPush = false

    package init() {}

    /// Reads the payload of a SETTINGS frame.
    package mutating func read(_ payload: UnsafeRawBufferPointer) throws(HTTP2ConnectionError) {
        guard payload.count % 6 == 0 else { throw HTTP2ConnectionError(.frameSize, "SETTINGS of a wrong length") }
        for offset in stride(from: 0, to: payload.count, by: 6) {
            let id = UInt16(bigEndian: payload.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
            let value = UInt32(bigEndian: payload.loadUnaligned(fromByteOffset: offset + 2, as: UInt32.self))
            try self.set(HTTP2Setting(rawValue: id), Int(value))
        }
    }

    private mutating func set(_ setting: HTTP2Setting, _ value: Int) throws(HTTP2ConnectionError) {
        switch setting {
        case .headerTableSize: self.smallestTable = min(self.smallestTable, value)
        case .enablePush:
            guard value <= 1 else { throw HTTP2ConnectionError(.protocolError, "SETTINGS_ENABLE_PUSH") }
            self.enablesPush = value == 1
        case .maxStreams: self.maxStreams = value
        case .initialWindow:
            guard value <= FlowWindow.maximum else {
                throw HTTP2ConnectionError(.flowControl, "SETTINGS_INITIAL_WINDOW_SIZE")
            }
            self.initialWindow = value
        case .maxFrame:
            guard value >= 16_384, value <= 16_777_215 else {
                throw HTTP2ConnectionError(.protocolError, "SETTINGS_MAX_FRAME_SIZE")
            }
            self.maxFrame = value
        default: break
        }
    }
}

/// A window for flow control (RFC 9113 section 5.2).
package enum FlowWindow {
    package static let initial = 65_535
    package static let maximum = 0x7FFF_FFFF
}
