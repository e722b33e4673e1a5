/// `[server]`: where the gateway listens, whom it believes, and how it stops.
public struct ServerConfiguration: SettingTable {
    /// One or several addresses. `[::]` accepts IPv4 as well, unless an IPv4 address with the same port is
    /// listed.
    public var listen: [ListenAddress] = [.host("127.0.0.1", port: 8080)]
    /// Event loops, 1 to 1024; `auto` is one a core.
    public var workers = Workers.auto
    /// Addresses whose `X-Forwarded-*` and `Forwarded` are believed: who the client is, its scheme and the host it asked.
    /// `"unix:"` stands for all peers on Unix sockets.
    public var trustedProxies: [TrustedProxy] = []
    /// Which forwarding headers go upstream.
    public var forwarded = ForwardedStyle.xForwarded
    /// How long a stopping gateway still accepts connections while it says that it is not ready.
    public var drainDelay = TimeSpan.zero
    /// How long open requests may take once the listeners are closed.
    public var drainTimeout = TimeSpan.seconds(30)
    /// What one client may take.
    public var limits = LimitsConfiguration()

    public init() {}
}

/// Which forwarding headers go upstream.
public enum ForwardedStyle: String, SettingChoice {
    /// `X-Forwarded-For`, `-Proto` and `-Host`.
    case xForwarded = "x-forwarded"
    /// `Forwarded` (RFC 7239).
    case rfc7239
    case both
}
