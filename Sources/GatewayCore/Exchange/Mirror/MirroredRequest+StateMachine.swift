extension MirroredRequest {
    /// The states of a copy: it collects the body, waits for the response and drops it.
    struct StateMachine: Hashable, Sendable {
        enum State: Hashable, Sendable {
            /// The original is being sent. → sent, over
            case collecting(bytes: Int)
            /// The copy was given to the upstream. → answering, over
            case sent
            /// The head of the response was received. → over
            case answering(status: Int, bytes: Int)
            case over
        }

        private(set) var state = State.collecting(bytes: 0)
        /// The maximum size of the body, in bytes.
        let maxBody: Int

        /// A longer response is cut off.
        static let longestResponse = 1 << 20

        init(maxBody: Int) { self.maxBody = maxBody }

        enum OnBytes: Hashable, Sendable {
            case keep
            case ignore
            /// Drop the copy.
            case end(Result)
        }

        mutating func received(_ count: Int) -> OnBytes {
            guard case .collecting(let bytes) = self.state else { return .ignore }
            guard count <= self.maxBody - bytes else { return self.end(.tooLarge).map(OnBytes.end) ?? .ignore }
            self.state = .collecting(bytes: bytes + count)
            return .keep
        }

        /// Called when the original is sent again. Returns whether the bytes kept so far have to be dropped.
        mutating func restart() -> Bool {
            guard case .collecting = self.state else { return false }
            self.state = .collecting(bytes: 0)
            return true
        }

        /// Called when the whole body was received. Returns whether to send the copy.
        mutating func bodyEnded() -> Bool {
            guard case .collecting = self.state else { return false }
            self.state = .sent
            return true
        }

        mutating func responseHead(status: Int) {
            if case .sent = self.state { self.state = .answering(status: status, bytes: 0) }
        }

        /// Called for each part of the response body. Returns a result if the response is too long.
        mutating func responseBytes(_ count: Int) -> Result? {
            guard case .answering(let status, let bytes) = self.state else { return nil }
            guard count <= Self.longestResponse - bytes else { return self.end(Self.result(of: status)) }
            self.state = .answering(status: status, bytes: bytes + count)
            return nil
        }

        mutating func responseEnded() -> Result? {
            guard case .answering(let status, _) = self.state else { return nil }
            return self.end(Self.result(of: status))
        }

        /// Called when there is no complete response.
        mutating func failed(isTimeout: Bool) -> Result? { self.end(isTimeout ? .timeout : .error) }

        private mutating func end(_ result: Result) -> Result? {
            if case .over = self.state { return nil }
            self.state = .over
            return result
        }

        private static func result(of status: Int) -> Result { status < 500 ? .ok : .error }
    }

    /// How a copy ended.
    package enum Result: String, CaseIterable, Sendable {
        /// It was answered with a status below 500.
        case ok
        /// There was no response, or its status is 500 or higher.
        case error
        case timeout
        /// Too many copies were in flight.
        case dropped
        /// The body exceeded `max_body`.
        case tooLarge = "too_large"
    }
}
