/// `[upstreams.NAME.health]`: active polling of the targets. Absent: none.
public struct HealthCheckConfiguration: SettingTable, Hashable {
    /// `http` sends a request, `tcp` only connects, `grpc` calls `grpc.health.v1.Health/Check`, which must report `SERVING`.
    public var type = HealthCheckType.http
    /// Path and query of the request.
    public var path = "/health"
    /// Method of the request.
    public var method = "GET"
    /// `Host` of the request. Empty: that of the target.
    public var host = ""
    /// Port to poll. 0: that of the target.
    public var port = 0
    /// Further header fields of the request.
    public var headers: [String: String] = [:]
    /// The gRPC service to ask about. Empty: the whole server.
    public var service = ""
    /// Time from one poll of a target to the next, 10 ms to 1 day. Each varies at random by up to 10 %.
    public var interval = TimeSpan.seconds(5)
    /// Time limit of a whole poll, from the connection to the end of the response.
    public var timeout = TimeSpan.seconds(2)
    /// Statuses of a healthy target: `200-399`, or `200,204`. Redirects are not followed.
    public var expect = StatusSet(StatusRange(200...399))
    /// Text that the first 64 KiB of the response body must contain.
    public var body = ""
    /// Number of successes in a row after which a target that was down is up.
    public var healthyAfter = 2
    /// Number of failures in a row after which a target is down.
    public var unhealthyAfter = 3
    /// Time in which a target that was down grows from a tenth of its share of requests to all of it. `0s`: at once.
    public var slowStart = TimeSpan.zero
    /// While all targets are down: `fail` answers 503 at once, `try` sends requests to all of them.
    public var whenAllDown = WhenAllDown.fail

    public init() {}
}

/// What a poll does.
public enum HealthCheckType: String, SettingChoice {
    case http, tcp, grpc
}

/// What happens to requests while polls say that all targets are down.
public enum WhenAllDown: String, SettingChoice {
    case fail
    case tryAll = "try"
}
