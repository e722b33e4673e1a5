/// `[server.limits]`: what one client may take.
public struct LimitsConfiguration: SettingTable {
    /// The longest method, target and version together.
    public var requestLine = ByteCount.kibibytes(8)
    /// All header bytes of one request.
    public var headers = ByteCount.kibibytes(32)
    /// Header lines of one request.
    public var headerCount = 100
    /// The whole head must have come by then.
    public var headerTimeout = TimeSpan.seconds(10)
    /// A request body slower than that, after 10 s of grace, is answered 408.
    public var bodyRate = ByteRate(.bytes(500), per: .second)
    /// A client that takes no byte for so long is cut.
    public var writeTimeout = TimeSpan.seconds(60)
    /// An idle client connection lives this long.
    public var keepAlive = TimeSpan.seconds(75)
    /// After so many requests a client connection is closed.
    public var requestsPerConnection = 10_000
    /// Over that a connection is accepted, answered 503 and closed. `auto` is what the file descriptors allow, less 1,024.
    public var connections = ConnectionLimit.auto

    public init() {}
}
