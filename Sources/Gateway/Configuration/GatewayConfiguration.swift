/// Everything that `gateway.toml` says, or a program instead of it.
public struct GatewayConfiguration: SettingTable {
    public var server = ServerConfiguration()
    public var admin = AdminConfiguration()
    public var log = LogConfiguration()
    public var metrics = MetricsConfiguration()
    /// By name.
    public var upstreams: [String: UpstreamConfiguration] = [:]
    /// In the file's order.
    public var routes: [RouteConfiguration] = []
    /// `[middleware.X]`: what holds for all routes.
    public var middleware = MiddlewareTables()
    /// `[policies.NAME.X]`, by name.
    public var policies: [String: MiddlewareTables] = [:]

    /// The file that this was read from.
    package var document = SettingDocument()

    public init() {}
}
