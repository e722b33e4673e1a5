package import GatewayHTTP
import GatewayTLS
public import Logging
public import NIOCore

/// The properties and actions that hooks can use in addition to the heads.
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

    /// The wall-clock time in milliseconds since 1970.
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

    /// The certificate that the client presented in the handshake; nil if it has none.
    var clientCertificate: ClientCertificate? { self.client?.tls?.clientCertificate }

    /// The subject of the client's certificate; nil if there is no certificate, or one without a subject.
    package var clientCertificateSubject: String? {
        guard let subject = self.clientCertificate?.subject, !subject.isEmpty else { return nil }
        return subject
    }

    /// The host that the client requested from the gateway or from a trusted proxy in front of it, as a range in
    /// `request.headers`. Empty if the client named none.
    package var clientHost: ByteRange {
        guard self.isFromTrustedPeer, !self.forwardedOrigin.host.isEmpty else { return self.request.host }
        return self.forwardedOrigin.host
    }

    /// Whether the exchange, which ends now, took at least so long. A stream lasts as long as its reader, so only the time
    /// to its head counts.
    ///
    /// - Parameter limit: Nil: nothing is slow.
    package func isSlow(_ limit: TimeAmount?) -> Bool {
        guard let limit else { return false }
        let isStream = self.response.isEventStream || self.isGRPC || self.upgrade?.isOpen == true
        let end = isStream ? self.firstByteAt ?? self.now : self.now
        return end - self.startedAt >= limit
    }

    /// The name of the caller's plan, or nil for an anonymous request.
    package var callerPlan: String? { self.caller.map { $0.plan ?? Caller.usualPlan } }

    // MARK: Actions

    /// Returns a value that resumes the exchange, for a hook that returns ``Decision/suspend``.
    public func resumption() -> Resumption { Resumption(self, halt: self.state.makeHalt()) }

    /// Replaces the collected body and updates `Content-Length`. For response hooks that received the whole body.
    public func replaceBody(with body: ByteBuffer) {
        self.holdsBodies = true
        self.responseBody.held = body
        self.response.setLength(body.readableBytes, answering: self.request.method)
    }

    /// Limits how long a response hook waits for the body that it is about to collect. After the deadline, the hook
    /// continues without the body. With a deadline in the past, the hook gets only what arrives with the current
    /// read.
    package func collectResponse(until deadline: NIODeadline) {
        self.holdsBodies = true
        self.responseBody.collectsUntil = deadline
    }
}

extension Exchange {
    /// The tries to get a response from an upstream. Empty for a response of the gateway or of the cache. A try that still
    /// runs, or that the client's leaving ends, ends now.
    package var upstreamTries: UpstreamTries {
        let call = self.upstreamCall
        guard call.isTrying else { return UpstreamTries(failed: call.failedTries, last: nil) }
        var last = call.lastTry
        last.target = call.target
        last.endpoint = call.pool?.endpoint ?? last.endpoint
        last.end(after: self.failure.map { .upstream($0) }, at: self.now)
        return UpstreamTries(failed: call.failedTries, last: last)
    }
}
