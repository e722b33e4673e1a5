/// `[upstreams.NAME]`: the targets, and how one of them is chosen.
public struct UpstreamConfiguration: SettingTable {
    /// URLs, or tables of `url` and `weight`.
    public var targets: [TargetConfiguration] = []
    /// Instead of targets: the demo upstream, or a handler of the embedding program.
    public var builtin: Builtin?
    /// The gateway is not ready while this upstream has no healthy target.
    public var required = false
    /// How a target is chosen: in turn, the less busy of two random targets, at random, or by `hash_key`.
    public var balance = BalancePolicy.leastRequests
    /// What `balance = "hash"` hashes.
    public var hashKey = KeySource(.clientIP)
    /// With a `cookie:` key: set the cookie for clients that lack it.
    public var setCookie = false
    /// Maximum number of connections to one target, for all workers together.
    public var maxConnections = 1024
    /// Maximum number of requests that wait for a connection. Further ones get 503 at once.
    public var maxPending = 1024
    /// How long a request waits for a connection before it gets 503.
    public var queue = TimeSpan.seconds(1)
    /// How long an unused connection stays open. If the upstream announces `Keep-Alive: timeout`, the connection closes
    /// one second before that.
    public var idleTimeout = TimeSpan.seconds(60)
    /// Maximum size of a response head, at most 16 MiB. Larger ones become 502.
    public var maxHead = ByteCount.kibibytes(32)
    /// Whether requests use HTTP/2: `"auto"` if an https target offers it, `true` always, `false` never. An `h2c://` target
    /// always does. With `true`, `http://` targets get it with prior knowledge.
    public var http2 = UpstreamHTTP2.auto
    /// Maximum number of requests at once on an HTTP/2 connection, unless the target allows fewer.
    public var maxStreams = 100
    /// How often a PING is sent on an HTTP/2 connection with open requests. `off` suits gRPC servers, which close
    /// connections that ping more often than every five minutes.
    public var keepalivePing = TimeLimit.off
    /// Sends a request whose target cannot be reached to another target at once.
    public var failover = true
    /// How often the name of a target is looked up again, 1 second to 1 day. Sooner if its DNS record has a shorter TTL.
    public var resolve = TimeSpan.seconds(30)
    /// Begins each connection with the client's address in the PROXY protocol. Connections then serve one client
    /// connection only.
    public var proxyProtocol = ProxyProtocolVersion.off
    /// Active polling of the targets.
    public var health: HealthCheckConfiguration?
    /// Keeps requests from targets that fail.
    public var circuitBreaker: CircuitBreakerConfiguration?

    /// TLS towards the https targets.
    public var tls: UpstreamTLSConfiguration?

    /// Position of `[upstreams.NAME]` in the file.
    public var source = SettingSource.code

    public init() {}
}

/// One server of an upstream.
public struct TargetConfiguration: SettingTableWithShorthand, Hashable {
    /// `http://host:port`, `https://host`, `h2c://host:port`, each without a path, or `unix:/path`.
    public var url = TargetURL.missing
    /// Share of requests relative to the other targets, 1 to 1,000,000.
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

/// An upstream inside the gateway's process.
public enum Builtin: String, SettingChoice {
    /// The demo upstream.
    case demo
    /// A handler of the embedding program.
    case inProcess = "in_process"
}

/// The version of the PROXY protocol that is sent.
public enum ProxyProtocolVersion: String, SettingChoice {
    case off
    /// A line of text.
    case v1
    /// Binary.
    case v2
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
