/// `[redis]`: a Redis or Valkey server that gateways share.
public struct RedisConfiguration: SettingTable, Hashable {
    /// `redis://user:password@host:6379/0`, or `rediss://` with TLS. Of several hosts, separated by commas, the first that
    /// takes writes is used.
    public var url = RedisURL.standard
    /// The hosts are seeds of a cluster.
    public var cluster = false
    /// The name of a master. The hosts are Sentinels, which know its address.
    public var sentinel = ""
    /// How long a limit waits for an answer, 1 millisecond to 10 seconds. The cache waits four times as long.
    public var timeout = TimeSpan.milliseconds(50)
    /// Connections of each worker to a server, 1 to 64.
    public var connections = 1
    /// What limits do while Redis is down: count locally, let requests pass without limit fields, or refuse them with 503.
    public var onFailure = RedisFailure.local
    /// The start of all keys and channels. Gateways with the same prefix share their state.
    public var prefix = "gateway:"
    /// TLS towards the servers, with a `rediss://` URL.
    public var tls: UpstreamTLSConfiguration?

    public init() {}
}

/// What limits do while Redis is down.
public enum RedisFailure: String, SettingChoice {
    /// Each gateway counts for itself.
    case local
    /// Requests pass.
    case open
    /// Requests get 503.
    case closed
}
