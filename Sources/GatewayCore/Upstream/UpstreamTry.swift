package import NIOCore

/// One try to get a response: from whom, when its steps happened, and how it ended. ``Exchange/upstreamTries`` has those
/// of a request.
///
/// A try waits for a connection that is in use (``queuedAt``), or has one opened (``connectingAt``), sends the request
/// (``sentAt``), and receives the head of the response (``answerBeganAt``) and its end (``endedAt``). A step that did not
/// happen has no time.
package struct UpstreamTry {
    /// Nil for a handler in this process, and if the try ended before an endpoint was chosen.
    package internal(set) var target: UpstreamTarget?
    /// The address that the request went to, or was about to.
    package internal(set) var endpoint: UpstreamEndpoint?
    /// Whether the request was sent over HTTP/2.
    package internal(set) var isHTTP2 = false
    /// The span of the try; 0 if there is none. `traceparent` names it.
    package internal(set) var spanID: UInt64 = 0
    /// When the request asked for a connection.
    package internal(set) var queuedAt: NIODeadline?
    /// Whether the request had to wait for a connection that others used.
    package internal(set) var hasQueued = false
    /// When the request began to wait for a connection to open. It is open at ``sentAt``.
    package internal(set) var connectingAt: NIODeadline?
    /// When the head of the request was written.
    package internal(set) var sentAt: NIODeadline?
    /// When the head of the final response was received.
    package private(set) var answerBeganAt: NIODeadline?
    /// When the response was complete, or the try failed.
    package private(set) var endedAt: NIODeadline?
    /// The status of the final response; 0 if there was none.
    package private(set) var status = 0
    /// Why the try failed. Nil if it did not, if the gateway itself lacked resources, or if the client left. A response
    /// with an error status is a failure only if the request was sent again because of it.
    package private(set) var failure: Failure?

    /// Why a try failed.
    package enum Failure: Hashable, Sendable {
        case upstream(UpstreamFailure)
        /// A kept-alive connection turned out to be closed.
        case stale
        /// The status of the response.
        case status(Int)

        /// The word in the access log.
        package var text: String {
            switch self {
            case .upstream(let failure): failure.rawValue
            case .stale: "stale"
            case .status(let status): "\(status)"
            }
        }
    }

    // MARK: Durations

    /// When the try began to use the target, after it may have queued. Nil if it never did.
    package var beganAt: NIODeadline? { self.connectingAt ?? self.sentAt }

    /// From ``beganAt`` to the end. Nil if the try did not begin.
    package var duration: TimeAmount? { self.span(from: self.beganAt, to: self.endedAt) }
    /// How long the request waited for a connection that others used. Nil if it did not.
    package var queueTime: TimeAmount? {
        self.hasQueued ? self.span(from: self.queuedAt, to: self.beganAt ?? self.endedAt) : nil
    }
    /// How long it took to open a connection, or to fail. Nil if there was one already.
    package var connectTime: TimeAmount? { self.span(from: self.connectingAt, to: self.sentAt ?? self.endedAt) }
    /// From the request's head to that of the response. Nil if there was no response.
    package var firstByteTime: TimeAmount? { self.span(from: self.sentAt, to: self.answerBeganAt) }
    /// From the head of the response to its end. Nil if there was no response.
    package var bodyTime: TimeAmount? { self.span(from: self.answerBeganAt, to: self.endedAt) }

    private func span(from start: NIODeadline?, to end: NIODeadline?) -> TimeAmount? {
        guard let start, let end else { return nil }
        return max(.zero, end - start)
    }

    // MARK: Steps

    /// Records that the request got a connection that another request gave back, and not the one that was being opened.
    mutating func queuedInstead() {
        self.connectingAt = nil
        self.hasQueued = true
    }

    mutating func answered(status: Int, at now: NIODeadline) {
        self.status = status
        self.answerBeganAt = now
    }

    /// Ends the try. The first failure and the first end count.
    mutating func end(after failure: Failure? = nil, at now: NIODeadline) {
        if self.failure == nil { self.failure = failure }
        if self.endedAt == nil { self.endedAt = now }
    }
}

/// The tries of a request, from the first to the last. To iterate over them allocates nothing.
package struct UpstreamTries: Sequence {
    let failed: [UpstreamTry]
    let last: UpstreamTry?

    /// The try that decided about the response, or that still runs.
    package var final: UpstreamTry? { self.last ?? self.failed.last }
    package var count: Int { self.failed.count + (self.last == nil ? 0 : 1) }

    package struct Iterator: IteratorProtocol {
        fileprivate let tries: UpstreamTries
        fileprivate var index = 0

        package mutating func next() -> UpstreamTry? {
            defer { self.index += 1 }
            if self.index < self.tries.failed.count { return self.tries.failed[self.index] }
            return self.index == self.tries.failed.count ? self.tries.last : nil
        }
    }

    package func makeIterator() -> Iterator { Iterator(tries: self) }
}
