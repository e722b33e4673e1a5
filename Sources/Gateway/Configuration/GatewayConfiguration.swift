/// Everything that `gateway.toml` says, or a program instead of it.
public struct GatewayConfiguration: SettingTable {
    /// Where the gateway listens, whom it believes, and how it stops.
    public var server = ServerConfiguration()
    /// The listener for health, metrics and control.
    public var admin = AdminConfiguration()
    /// What is logged, how, and where.
    public var log = LogConfiguration()
    /// The shape of what `/metrics` shows.
    public var metrics = MetricsConfiguration()
    /// Servers that answer requests, by name.
    public var upstreams: [String: UpstreamConfiguration] = [:]
    /// Which requests go where; the most specific route wins.
    public var routes: [RouteConfiguration] = []
    /// Settings of middlewares that hold for all routes.
    public var middleware = MiddlewareTables()
    /// Named sets of settings of middlewares, for the routes that list them.
    public var policies: [String: MiddlewareTables] = [:]

    /// The file that this was read from.
    package var document = SettingDocument()

    public init() {}
}
