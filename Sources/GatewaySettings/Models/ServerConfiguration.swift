/// `[server]`: where the gateway listens, which proxies it trusts, and how it stops.
public struct ServerConfiguration: SettingTable {
    /// Addresses to listen on. `[::]` also accepts IPv4, unless an IPv4 address with the same port is listed. With
    /// `[server.tls]`, an address uses TLS unless it begins with `http://`.
    public var listen: [ListenAddress] = [.host("127.0.0.1", port: 8080)]
    /// Whether plain listeners redirect every request to https. Health endpoints in `admin.expose` are served plainly.
    public var httpsRedirect = false
    /// Number of event loops, 1 to 1024. `auto` is one per core.
    public var workers = Workers.auto
    /// Proxies whose `X-Forwarded-*` and `Forwarded` fields are trusted for the client's address, scheme and host. `"unix:"`
    /// matches all peers on Unix sockets.
    public var trustedProxies: [TrustedProxy] = []
    /// Connections from `trusted_proxies` must begin with a header of the PROXY protocol, version 1 or 2. Its address is
    /// that of the peer, everywhere. Other connections are served as they are.
    public var proxyProtocol = false
    /// Which forwarding fields are sent upstream.
    public var forwarded = ForwardedStyle.xForwarded
    /// Resident memory above which new requests get 503. Below 90 % of it they are accepted again. Empty: no limit.
    public var memoryLimit = MemoryLimit.none
    /// How long a draining gateway keeps accepting connections while it reports that it is not ready.
    public var drainDelay = TimeSpan.zero
    /// How long open requests may take after the listeners are closed.
    public var drainTimeout = TimeSpan.seconds(30)
    /// Maximum number of health checks in progress, over all upstreams. Further ones wait.
    public var maxPolls = 10
    /// Limits per client connection and request.
    public var limits = LimitsConfiguration()
    /// HTTP/2 from clients.
    public var http2 = HTTP2Configuration()
    /// TLS for clients. Absent: connections are plain.
    public var tls: TLSConfiguration?

    public init() {}
}

/// Which forwarding fields are sent upstream.
public enum ForwardedStyle: String, SettingChoice {
    /// `X-Forwarded-For`, `-Proto` and `-Host`.
    case xForwarded = "x-forwarded"
    /// `Forwarded` (RFC 7239).
    case rfc7239
    case both
}
