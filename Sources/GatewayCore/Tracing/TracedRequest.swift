import GatewayHTTP

/// A request that has ended, as its spans tell it. Its size is bounded. Secrets are not yet redacted.
package struct TracedRequest: Sendable {
    /// The trace, the span of the request and what was decided at its start.
    package var own: TraceParent
    /// The span that the request continues; 0 if the trace begins here.
    package var parent: UInt64
    /// The `traceparent` of a client that is not trusted.
    package var link: TraceParent?
    /// The `tracestate` of a trusted parent.
    package var state = ""

    /// In nanoseconds since 1970, like all times here.
    package var startedAt: Int64
    package var endedAt: Int64
    package var firstByteAt: Int64?

    /// As the client wrote it.
    package var method = ""
    /// Empty if there is none.
    package var route = ""
    /// The path of the route, as it is written; empty if there is none.
    package var routePath = ""
    package var scheme = ""
    package var host = ""
    package var path = ""
    /// Without the question mark; empty if there is none.
    package var query = ""
    /// The path and query that the upstream received; empty if it received none.
    package var forwardedPath = ""
    package var clientAddress = ""
    package var peerAddress = ""
    /// `HTTP/1.1`, `HTTP/2`.
    package var protocolName = ""
    package var userAgent = ""
    package var requestID = ""
    /// The consumer; empty for an anonymous request.
    package var consumer = ""
    package var upstream = ""
    /// 0 if there was no response.
    package var status = 0
    /// The number of a gRPC call's status.
    package var grpcStatus: Int?
    /// The gateway's error code; empty if the response is not an error of the gateway.
    package var code = ""
    /// How the request was broken off; empty if it was not.
    package var end = ""
    /// Whether the gateway or the upstream failed.
    package var isError = false
    package var isWebSocket = false
    package var tries: [Try] = []
    package var calls: [Call] = []
    package var attributes: [(name: String, value: TraceValue)] = []

    /// One try to get a response.
    package struct Try: Sendable {
        package var spanID: UInt64
        package var target: UpstreamTarget?
        package var endpoint: UpstreamEndpoint?
        package var isHTTP2 = false
        /// When the request began to wait for a connection that others used; nil if it did not.
        package var queuedAt: Int64?
        /// When a connection began to open; nil if there was one already.
        package var connectingAt: Int64?
        package var sentAt: Int64?
        package var answerBeganAt: Int64?
        package var endedAt: Int64
        /// 0 if there was no response.
        package var status = 0
        /// The word of the access log; empty if the try did not fail.
        package var failure = ""
        /// The gateway's code for the failure.
        package var code = ""

        package init(spanID: UInt64, endedAt: Int64) {
            self.spanID = spanID
            self.endedAt = endedAt
        }

        /// When the request began to use the target. Nil if it never did.
        package var beganAt: Int64? { self.connectingAt ?? self.sentAt }
    }

    /// A request to another service.
    package struct Call: Sendable {
        package var name: String
        package var startedAt: Int64
        package var endedAt: Int64
        /// Empty if there was an answer.
        package var failure: String
        /// 0 if the service was told none.
        package var spanID: UInt64

        package init(name: String, startedAt: Int64, endedAt: Int64, failure: String, spanID: UInt64 = 0) {
            self.name = name
            self.startedAt = startedAt
            self.endedAt = endedAt
            self.failure = failure
            self.spanID = spanID
        }
    }

    package init(_ own: TraceParent, parent: UInt64, startedAt: Int64, endedAt: Int64) {
        self.own = own
        self.parent = parent
        self.startedAt = startedAt
        self.endedAt = endedAt
    }

    /// The number of spans.
    package var spanCount: Int {
        self.tries.reduce(1 + self.calls.count) { count, attempt in
            let connect = attempt.connectingAt == nil ? 0 : 1
            let queue = attempt.queuedAt == nil ? 0 : 1
            return count + (attempt.beganAt == nil ? 0 : 1) + connect + queue
        }
    }
}
