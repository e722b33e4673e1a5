import GatewayHTTP
public import Logging
public import NIOCore

/// What hooks see besides the heads.
extension Exchange {
    /// The name of the matching route, or `_none`.
    public var route: String { self.plan.name }

    /// The request ID, as sent upstream and to the client. Nil if it is switched off, and in middlewares above
    /// `request_id`.
    public var requestID: String? {
        self.requestIDRange.isEmpty ? nil : self.request.headers.string(self.requestIDRange)
    }

    /// The arrival of the current event, on the clock of the event loop.
    public var now: NIODeadline { self.worker.now }

    /// Milliseconds since 1970.
    public var unixMilliseconds: Int64 { self.worker.unixMilliseconds }

    /// A logger that adds the route and the request ID to each line. Creating it allocates, so use it only when there
    /// is something to log.
    public var log: Logger {
        var log = self.worker.log
        log[metadataKey: "route"] = "\(self.route)"
        if let requestID = self.requestID { log[metadataKey: "request_id"] = "\(requestID)" }
        return log
    }

    /// Whether the client used TLS, to the gateway or to a trusted proxy in front of it.
    public var isSecure: Bool {
        if self.client?.scheme.utf8CodeUnitCount == 5 { return true }
        return self.isFromTrustedPeer && self.forwardedOrigin.isSecure
    }

    /// The scheme that the client used, to the gateway or to a trusted proxy in front of it.
    var clientScheme: StaticString { self.isSecure ? "https" : "http" }

    /// The host that the client asked, of the gateway or of a trusted proxy in front of it; in `request.headers`, empty if it
    /// named none.
    var clientHost: ByteRange {
        guard self.isFromTrustedPeer, !self.forwardedOrigin.host.isEmpty else { return self.request.host }
        return self.forwardedOrigin.host
    }

    // MARK: What hooks can do

    /// Returns the means to resume the exchange, for a hook that returns ``Decision/suspend``.
    public func resumption() -> Resumption { Resumption(self, halt: self.state.makeHalt()) }

    /// Replaces the collected body and updates `Content-Length`. For response hooks that received the whole body.
    public func replaceBody(with body: ByteBuffer) {
        self.holdsBodies = true
        self.responseBody.held = body
        self.response.setLength(body.readableBytes, answering: self.request.method)
    }

    /// Limits how long a response hook waits for the body that it is about to collect. After that, it continues without. A
    /// deadline that has passed admits only what comes with the current read.
    package func collectResponse(until deadline: NIODeadline) {
        self.holdsBodies = true
        self.responseBody.collectsUntil = deadline
    }
}
