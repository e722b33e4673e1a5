/// `[tracing]`: the spans of requests are sent to a collector by the OpenTelemetry Protocol (OTLP).
public struct TracingConfiguration: SettingTable, Hashable {
    /// The collector's base URL, to which `/v1/traces` is added. Empty: no spans.
    public var otlp = ""
    /// Share of the traces that begin here and are kept, 0 to 1. For others, their parent's decision counts.
    public var sample = 0.01
    /// What is kept all the same: spans of failed requests, and of those that take longer than `log.slow_request`.
    public var always = [TraceReason.error, .slow]
    /// The name of this service in traces.
    public var service = "gateway"
    /// Header fields of exports, such as credentials. They are never shown.
    public var headers: [String: String] = [:]
    /// How long spans wait for a batch to fill, 100 ms to 1 minute. A batch has up to 512.
    public var interval = TimeSpan.seconds(5)
    /// Maximum number of spans that wait to be sent. All spans of a request beyond it are dropped.
    public var queue = 8192
    /// The page of a trace, for links: `http://jaeger:16686/trace/{trace_id}`. Empty: no links.
    public var link = ""
    /// What the variables of OpenTelemetry say beyond these settings.
    package var environment = TracingEnvironment()

    public init() {}

    /// Whether there is a collector.
    package var isOn: Bool { !self.otlp.isEmpty && !self.environment.isDisabled }
}

/// Why spans are kept that were not sampled.
public enum TraceReason: String, SettingChoice, Hashable {
    case error, slow
}
