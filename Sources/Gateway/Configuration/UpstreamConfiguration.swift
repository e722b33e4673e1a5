/// `[upstreams.NAME]`: servers that answer requests, and how one of them is chosen.
public struct UpstreamConfiguration: SettingTable {
    /// URLs, or tables of `url` and `weight`.
    public var targets: [TargetConfiguration] = []
    /// Instead of targets: the demo upstream, or a handler of the embedding program.
    public var builtin: Builtin?
    /// Without a healthy target the gateway is not ready.
    public var required = false
    /// How a target is chosen: in turn, the less busy of two random ones, at random, or by `hash_key`.
    public var balance = BalancePolicy.leastRequests
    /// What `balance = "hash"` hashes.
    public var hashKey = KeySource(.clientIP)
    /// With a `cookie:` key: set the cookie for clients that have none.
    public var setCookie = false
    /// To one target, all workers together.
    public var maxConnections = 1024
    /// Requests that wait for a connection; over that the answer is 503 at once.
    public var maxPending = 1024
    /// How long a request waits for a connection before the answer is 503.
    public var queue = TimeSpan.seconds(1)
    /// An unused connection is closed after that, or one second before the upstream's own `Keep-Alive: timeout`.
    public var idleTimeout = TimeSpan.seconds(60)
    /// A larger response head is answered 502; at most 16 MiB.
    public var maxHead = ByteCount.kibibytes(32)

    /// Where `[upstreams.NAME]` stands.
    public var source = SettingSource.code

    public init() {}
}

/// One server of an upstream.
public struct TargetConfiguration: SettingTableWithShorthand, Hashable {
    /// `http://host:port`, without a path, or `unix:/path`.
    public var url = TargetURL.missing
    /// Its share of the requests against the others', 1 to 1,000,000.
    public var weight = 1

    public init() {}
    public init(_ url: TargetURL, weight: Int = 1) {
        self.url = url
        self.weight = weight
    }
    public init(shorthand: String) throws(SettingError) {
        url = try TargetURL.parse(shorthand)
    }
}

/// An upstream inside the gateway's own process.
public enum Builtin: String, SettingChoice {
    /// The demo upstream.
    case demo
    /// A handler of the embedding program.
    case inProcess = "in_process"
}

/// How a target is chosen.
public enum BalancePolicy: String, SettingChoice {
    case roundRobin = "round_robin"
    /// The less busy of two random targets.
    case leastRequests = "least_requests"
    case random
    /// Consistent hashing of `hash_key`.
    case hash
}
