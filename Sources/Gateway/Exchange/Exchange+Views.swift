public import GatewayHTTP
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
}
