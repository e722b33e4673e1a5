import GatewayHTTP

extension HTTP2UpstreamStream {
    /// The state of a stream to an upstream, without its connection: what may follow, and what its end means for the
    /// request.
    struct StateMachine {
        enum State: Equatable {
            /// No final response yet. Next: body, ended.
            case head
            /// Next: ended.
            case body(BodyFraming)
            case ended
        }

        /// How often a request may be sent to the same endpoint again.
        private static let resends = 2

        private(set) var state = State.head
        /// The status of the final response.
        private(set) var status = 0
        /// The body bytes that are left, for a body of known length.
        private var remaining = 0
        /// Whether the caller has written the whole request.
        private(set) var isRequestEnded = false
        /// Whether the peer may have received a part of the request.
        private(set) var hasSent = false
        /// Whether the connection served other requests before.
        let isReused: Bool

        init(isReused: Bool) { self.isReused = isReused }

        // MARK: The request

        mutating func sent() { self.hasSent = true }
        mutating func requestEnded() { self.isRequestEnded = true }

        /// Whether the request may have to be sent again: the peer may refuse any stream that it has not answered.
        var mayBeSentAgain: Bool { self.state == .head }

        // MARK: The response

        enum OnHead: Equatable, Sendable {
            /// A 1xx response. Another head follows.
            case informational
            case final
            /// A 101 response, which HTTP/2 does not have (RFC 9113 section 8.6).
            case unexpectedUpgrade
        }

        mutating func head(_ response: UpstreamResponse) -> OnHead {
            if response.status == 101 { return .unexpectedUpgrade }
            if response.isInformational { return .informational }
            self.status = response.status
            self.state = .body(response.framing)
            if case .length(let length) = response.framing { self.remaining = length }
            return .final
        }

        enum OnData: Equatable, Sendable {
            case deliver
            case malformed(String)
            /// The response has ended already.
            case ignore
        }

        /// - Parameter endsStream: Whether the body ends with these bytes.
        mutating func data(_ count: Int, endsStream: Bool) -> OnData {
            switch self.state {
            case .head: return .malformed("DATA before the head")
            case .ended: return .ignore
            case .body(.none):
                return count == 0 ? .deliver : .malformed("body of a response that has none")
            case .body(.length):
                guard count <= self.remaining else { return .malformed("body longer than its Content-Length") }
                self.remaining -= count
                return endsStream && self.remaining > 0
                    ? .malformed("body shorter than its Content-Length") : .deliver
            case .body: return .deliver
            }
        }

        /// Whether the body may end here, with trailers for example.
        var mayEnd: Bool {
            guard case .body = self.state else { return false }
            return self.remaining == 0
        }

        mutating func ended() { self.state = .ended }

        // MARK: The end

        /// Why a stream ended before its response was complete.
        enum Cause: Equatable, Sendable {
            /// The peer has done nothing with the request, and says so (RFC 9113 section 8.7).
            case refused
            /// The peer reset the stream.
            ///
            /// - Parameter isError: False for NO_ERROR.
            case reset(isError: Bool)
            /// The connection ended.
            case connectionLost
        }

        /// The facts about a request that decide what the end of its stream means.
        struct Request: Equatable, Sendable {
            var isIdempotent: Bool
            /// Whether all body bytes that were sent can be sent again.
            var isBodyKept: Bool
            /// How often the request was sent to this endpoint again.
            var resends: Int
        }

        enum OnLost: Equatable, Sendable {
            /// The response is complete: the peer only wants no more of the request.
            case complete
            /// The response was cut short, or there is none and the request must not be sent again.
            case failed
            /// Send the request again, on another connection.
            case refused
            /// Send the request to the same endpoint again, on a fresh connection: the peer closed one that was kept.
            case sendAgain
            /// There is no response.
            ///
            /// - Parameters:
            ///   - isFresh: Whether the end says something about the endpoint.
            ///   - mayMove: Whether another endpoint may receive the request.
            case reset(isFresh: Bool, mayMove: Bool)
        }

        /// Records that the stream ended early.
        ///
        /// - Parameter hasAnswered: Whether the connection has ever answered.
        mutating func lost(_ cause: Cause, _ request: Request, hasAnswered: Bool) -> OnLost {
            let state = self.state
            self.state = .ended
            switch state {
            case .ended: return .failed
            case .body(let framing):
                if case .reset(isError: false) = cause, self.remaining == 0, !framing.isUnbounded { return .complete }
                return .failed
            case .head: break
            }
            let isBodyKept = request.isBodyKept
            let isNew = request.resends < Self.resends
            switch cause {
            case .refused: return isBodyKept && isNew ? .refused : .failed
            case .reset: return .reset(isFresh: false, mayMove: isBodyKept && request.isIdempotent)
            case .connectionLost:
                if isBodyKept, isNew, !self.hasSent || self.isReused && request.isIdempotent { return .sendAgain }
                let mayMove = isBodyKept && (!self.hasSent || request.isIdempotent)
                return .reset(isFresh: !hasAnswered, mayMove: mayMove)
            }
        }
    }
}
