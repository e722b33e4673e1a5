@_exported public import GatewayHTTP1
public import Logging
public import NIOCore

/// What hooks see besides the heads.
extension Exchange {
    /// The name of the route that took the request, `_none` where none did.
    public var route: String { self.plan.name }

    /// As it goes upstream and back to the client; nil where the request ID is switched off, and above `request_id`.
    public var requestID: String? {
        self.requestIDRange.isEmpty ? nil : self.request.headers.string(self.requestIDRange)
    }

    /// When the event that is handled came in, by the event loop's clock.
    public var now: NIODeadline { self.worker.now }

    /// Milliseconds since 1970.
    public var unixMilliseconds: Int64 { self.worker.unixMilliseconds }

    /// Names the route and the request in each line. It costs an allocation, so get it only where there is something to say.
    public var log: Logger {
        var log = self.worker.log
        log[metadataKey: "route"] = "\(self.route)"
        if let requestID = self.requestID { log[metadataKey: "request_id"] = "\(requestID)" }
        return log
    }
}
