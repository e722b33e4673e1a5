/// A request that failed, or whose trace was sampled, for a service that keeps track of errors.
package struct RequestReport: Sendable {
    package enum Kind: Hashable, Sendable {
        /// The gateway or the upstream failed. The code is that of the error body, or `upstream_error` if the error of
        /// the upstream was passed on.
        case failure(code: String)
        case trace
    }

    package var kind: Kind
    package var route: String
    /// 0 if there was no response.
    package var status: Int
    /// Empty if the request did not reach an upstream.
    package var upstream: String
    /// The end of the request, in milliseconds since 1970.
    package var time: Int64
    package var details: RequestDetails

    package init(
        _ kind: Kind,
        route: String,
        status: Int,
        upstream: String,
        time: Int64,
        details: RequestDetails
    ) {
        self.kind = kind
        self.route = route
        self.status = status
        self.upstream = upstream
        self.time = time
        self.details = details
    }

    /// Reports with equal identities are about the same problem.
    package struct Identity: Hashable, Sendable {
        package var route: String
        package var code: String
        package var upstream: String

        package init(route: String, code: String, upstream: String) {
            self.route = route
            self.code = code
            self.upstream = upstream
        }
    }

    package var identity: Identity {
        switch self.kind {
        case .failure(let code): Identity(route: self.route, code: code, upstream: self.upstream)
        case .trace: Identity(route: self.route, code: "", upstream: self.upstream)
        }
    }
}

/// Failures of one identity that are not reported themselves: there is no service for reports, they were not sampled, or
/// there were too many of them just before.
package struct RepeatedFailure: Hashable, Sendable {
    /// The last status.
    package var status: Int
    package var count: Int
    /// How many of them were too many.
    package var limited: Int

    package init(status: Int, count: Int = 0, limited: Int = 0) {
        self.status = status
        self.count = count
        self.limited = limited
    }
}

/// What a report tells about a request. It contains no credentials, and not the client's address. Its size is bounded.
package struct RequestDetails: Sendable {
    package struct Field: Hashable, Sendable {
        package var name: String
        package var value: String
    }

    /// One try to get a response from a target.
    package struct Attempt: Hashable, Sendable {
        /// Empty if no target was chosen.
        package var target: String
        /// A status, why there was none, or empty if it is not known.
        package var result: String
        /// When the request was sent, in milliseconds since 1970.
        package var sentAt: Int64?
        /// When the response began, in milliseconds since 1970.
        package var answeredAt: Int64?
    }

    /// What a middleware decided about the request.
    package struct Note: Hashable, Sendable {
        /// The name of the middleware.
        package var source: String
        package var text: String
    }

    /// Empty if request IDs are off.
    package var requestID = ""
    package var method = ""
    /// Without the query.
    package var url = ""
    /// Empty if there is none.
    package var query = ""
    package var fields: [Field] = []
    /// The name of the consumer; empty for an anonymous request.
    package var consumer = ""
    /// The request's own `traceparent`; empty if there is none.
    package var traceParent = ""
    /// The first byte of the request, in milliseconds since 1970.
    package var startedAt: Int64 = 0
    /// How the exchange ended.
    package var outcome = ""
    /// A sentence about the error; empty if the upstream's error was passed on.
    package var message = ""
    package var attempts: [Attempt] = []
    package var notes: [Note] = []

    package init() {}
}
