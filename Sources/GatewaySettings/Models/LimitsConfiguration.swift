/// `[server.limits]`: limits per client connection and request.
public struct LimitsConfiguration: SettingTable {
    /// Maximum length of the request line.
    public var requestLine = ByteCount.kibibytes(8)
    /// Maximum total size of the header fields of a request.
    public var headers = ByteCount.kibibytes(32)
    /// Maximum number of header lines per request.
    public var headerCount = 100
    /// Time limit for receiving the request head.
    public var headerTimeout = TimeSpan.seconds(10)
    /// Minimum rate of a request body, after 10 s of grace. Slower clients get 408.
    public var bodyRate = ByteRate(.bytes(500), per: .second)
    /// A client that accepts no data for this long is disconnected.
    public var writeTimeout = TimeSpan.seconds(60)
    /// How long an idle client connection stays open.
    public var keepAlive = TimeSpan.seconds(75)
    /// Number of requests after which a client connection is closed.
    public var requestsPerConnection = 10_000
    /// Maximum number of client connections. Further ones get 503 and are closed. `auto` is the limit on file
    /// descriptors minus 1,024.
    public var connections = ConnectionLimit.auto

    public init() {}
}
