/// `[upstreams.NAME.tls]`: TLS towards the https targets. Absent: certificates are verified against the system's trust
/// store.
public struct UpstreamTLSConfiguration: SettingTable, Hashable {
    /// Verifies the certificate and the name of the target. `false` accepts any server.
    public var verify = true
    /// PEM file of the certificate authorities to trust instead of those of the system.
    public var ca = ""
    /// Name to send (SNI) and to verify. Empty: the host of the target's URL.
    public var serverName = ""
    /// PEM file of the client certificate, leaf first, for targets that require one.
    public var certificate = ""
    /// PEM file of the private key of `certificate`.
    public var key = ""
    /// How often the files are checked for changes, 1 second to 1 day.
    public var refresh = TimeSpan.minutes(1)

    public init() {}
}
