/// `[upstreams.NAME.circuit_breaker]`: when a target that fails receives no more requests, and for how long.
public struct CircuitBreakerConfiguration: SettingTable, Hashable {
    /// Failures in a row that open the circuit.
    public var failures = 5
    /// Share of failed requests over `window` that opens the circuit, 0 to 1. 0: only `failures` counts.
    public var errorRate = 0.5
    /// The time over which `error_rate` is measured.
    public var window = TimeSpan.seconds(10)
    /// Minimum number of requests in `window` for `error_rate` to count.
    public var minRequests = 20
    /// Statuses that count as failures, such as `"503"` or `"500-599"`.
    public var statuses = [StatusRange(500...599)]
    /// How long a target receives no requests. Then it gets one request at a time, which decides how it goes on. Doubles
    /// each time that one fails.
    public var openFor = TimeSpan.seconds(10)
    /// Maximum of the doubled `open_for`.
    public var maxOpen = TimeSpan.minutes(5)
    /// Successful requests in a row that close the circuit again.
    public var probes = 1
    /// Share of the targets that may be out at once, 0 to 1, rounded down. One may always be out.
    public var maxEjected = 0.5

    public init() {}
}
