/// The contents of `gateway.toml`, or a configuration built in code.
public struct GatewayConfiguration: SettingTable {
    /// Where the gateway listens, which proxies it trusts, and how it stops.
    public var server = ServerConfiguration()
    /// The listener for health and metrics.
    public var admin = AdminConfiguration()
    /// What is logged, how, and where.
    public var log = LogConfiguration()
    /// Buckets and limits of `/metrics`.
    public var metrics = MetricsConfiguration()
    /// A Redis server that gateways share.
    public var redis: RedisConfiguration?
    /// The credentials that the gateway knows.
    public var auth = AuthConfiguration()
    /// What callers may use, by the name of their plan.
    public var plans: [String: PlanConfiguration] = [:]
    /// Who changed what, when, and from where.
    public var audit = AuditConfiguration()
    /// What happens is told to people and programs.
    public var events = EventsConfiguration()
    /// Conditions that are told when they begin and end.
    public var alerts: [AlertConfiguration] = []
    /// Errors are reported to Sentry.
    public var sentry = SentryConfiguration()
    /// The spans of requests are sent to a collector.
    public var tracing = TracingConfiguration()
    /// Upstreams by name.
    public var upstreams: [String: UpstreamConfiguration] = [:]
    /// Routes. The most specific route wins.
    public var routes: [RouteConfiguration] = []
    /// Middleware settings for all routes.
    public var middleware = MiddlewareTables()
    /// Named sets of middleware settings, for the routes that list them.
    public var policies: [String: MiddlewareTables] = [:]

    /// The file that this was read from.
    package var document = SettingDocument()

    public init() {}
}
