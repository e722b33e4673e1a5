extension OutboundCall {
    /// The progress of a request, and how much of the response's body is kept.
    struct StateMachine: Hashable, Sendable {
        enum State: Hashable, Sendable {
            /// Nothing of the response was received. → answering, over
            case waiting
            /// The head of the response was received. → over
            case answering(bytes: Int)
            case over
        }

        private(set) var state = State.waiting
        /// The maximum size of the body, in bytes.
        let maxBody: Int
        let whenTooLarge: OutboundRequest.WhenTooLarge

        init(maxBody: Int, whenTooLarge: OutboundRequest.WhenTooLarge) {
            self.maxBody = maxBody
            self.whenTooLarge = whenTooLarge
        }

        mutating func responseHead() { if self.state == .waiting { self.state = .answering(bytes: 0) } }

        enum OnBytes: Hashable, Sendable {
            case keep
            /// Keep this many bytes and end: the response is truncated.
            case truncate(Int)
            /// End with a failure.
            case tooLarge
            case ignore
        }

        mutating func received(_ count: Int) -> OnBytes {
            guard case .answering(let bytes) = self.state else { return .ignore }
            let room = self.maxBody - bytes
            guard count > room else {
                self.state = .answering(bytes: bytes + count)
                return .keep
            }
            self.state = .over
            return self.whenTooLarge == .truncate ? .truncate(room) : .tooLarge
        }

        /// Called when the response is complete. Returns whether to deliver it.
        mutating func responseEnded() -> Bool {
            guard case .answering = self.state else { return false }
            self.state = .over
            return true
        }

        /// Called when there will be no complete response, or nobody needs it. Returns whether that is news.
        mutating func end() -> Bool {
            if self.state == .over { return false }
            self.state = .over
            return true
        }
    }
}
