/// Which streams a client has opened, and how the latest of them ended (RFC 9113 section 5.1).
package struct StreamLedger: Hashable, Sendable {
    /// How a stream ended.
    package enum End: Hashable, Sendable {
        /// Both sides have sent END_STREAM, or the client has reset the stream.
        case byClient
        /// This side has reset the stream. The client may not know that yet.
        case byServer
    }

    /// The number of ended streams to remember.
    private static let memory = 128

    /// The highest stream that was opened.
    package private(set) var last: UInt32 = 0
    private var ended: [(id: UInt32, end: End)] = []
    private var next = 0

    package init() {}

    package static func == (left: Self, right: Self) -> Bool {
        left.last == right.last && left.next == right.next
            && left.ended.elementsEqual(right.ended) { $0.id == $1.id && $0.end == $1.end }
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(self.last) }

    package enum OnHeaders: Hashable, Sendable {
        /// The stream is new.
        case open
        /// The stream was reset by this side: only keep the state of compression.
        case ignore
    }

    /// Called for HEADERS on a stream that is not open.
    package mutating func headers(on id: UInt32) throws(HTTP2ConnectionError) -> OnHeaders {
        guard id & 1 == 1 else { throw HTTP2ConnectionError(.protocolError, "stream of an even number") }
        if id > self.last {
            self.last = id
            return .open
        }
        switch self.end(of: id) {
        case .byServer: return .ignore
        case .byClient: throw HTTP2ConnectionError(.streamClosed, "HEADERS on a closed stream")
        case nil: throw HTTP2ConnectionError(.protocolError, "stream below an earlier one")
        }
    }

    package enum OnFrame: Hashable, Sendable {
        case ignore
        /// The client has ended the stream before.
        case closed
    }

    /// Called for another frame on a stream that is not open.
    package func frame(on id: UInt32) throws(HTTP2ConnectionError) -> OnFrame {
        guard id <= self.last, id & 1 == 1 else {
            throw HTTP2ConnectionError(.protocolError, "frame on an idle stream")
        }
        return self.end(of: id) == .byClient ? .closed : .ignore
    }

    package mutating func ended(_ id: UInt32, _ end: End) {
        if self.ended.count < Self.memory {
            self.ended.append((id, end))
        } else {
            self.ended[self.next] = (id, end)
            self.next = (self.next + 1) % Self.memory
        }
    }

    private func end(of id: UInt32) -> End? { self.ended.last { $0.id == id }?.end }
}
