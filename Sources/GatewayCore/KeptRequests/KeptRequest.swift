/// What is kept of a request that failed, broke off or was slow. It contains no credentials, and its size is bounded.
package struct KeptRequest: Sendable, Hashable {
    /// Why a request is kept.
    package enum Reason: Int, CaseIterable, Sendable {
        /// The gateway or the upstream failed.
        case failed
        /// The client left, or the response broke off.
        case brokenOff
        /// It took longer than `log.slow_request`.
        case slow
    }

    /// One try to get a response from a target.
    package struct Try: Sendable, Hashable {
        /// Nil if no target was chosen.
        package var target: String?
        /// Nil if there was no response.
        package var status: Int?
        /// Why it failed; nil if it did not.
        package var failure: String?
        /// In nanoseconds; nil if the try did not begin.
        package var duration: Int64?
    }

    /// How long each part of the last try took, in nanoseconds. Nil: it did not happen.
    package struct Phases: Sendable, Hashable {
        /// Waiting for a connection that others used.
        package var queue: Int64?
        /// Opening a connection.
        package var connect: Int64?
        /// From the request to the head of the response.
        package var firstByte: Int64?
        /// From the head of the response to its end.
        package var body: Int64?
    }

    package var reason: Reason
    /// When it ended, on the clock of event loops, for the order.
    package var endedAt: UInt64
    /// When it ended, in milliseconds since 1970.
    package var time: Int64
    /// Empty if request IDs are off.
    package var requestID = ""
    /// 32 hexadecimal digits; nil if the request belongs to no trace.
    package var traceID: String?
    package var route: String
    package var method = ""
    /// Without the query.
    package var path = ""
    /// With the values of secret parameters redacted; nil if there is none.
    package var query: String?
    /// 499 if the client left before a response.
    package var status: Int
    /// Of a gRPC call; nil if it is none, or ended without a status.
    package var grpcStatus: Int?
    /// The code of the gateway's error; nil if the response is none.
    package var code: String?
    /// How the exchange ended, as in the access log.
    package var end = ""
    /// Nil for an anonymous request.
    package var consumer: String?
    /// From the first byte of the request to the last byte of the response, in nanoseconds.
    package var duration: Int64
    package var phases = Phases()
    /// In order; the first ones if there are many.
    package var tries: [Try] = []

    package init(_ reason: Reason, route: String, status: Int, duration: Int64, endedAt: UInt64, time: Int64) {
        self.reason = reason
        self.route = route
        self.status = status
        self.duration = duration
        self.endedAt = endedAt
        self.time = time
    }
}
