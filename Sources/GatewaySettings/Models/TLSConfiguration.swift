/// `[server.tls]`: TLS for clients. Absent: connections are plain.
public struct TLSConfiguration: SettingTable, Hashable {
    /// PEM file of the certificate, followed by its intermediate certificates. Relative paths start from the folder of the
    /// configuration file.
    public var certificate = ""
    /// PEM file of the certificate's private key.
    public var key = ""
    /// Further certificates. The name that the client asks for chooses one: exact names before wildcards, else the first.
    public var certificates: [CertificateConfiguration] = []
    /// How often the files are checked for changes, 1 second to 1 day.
    public var refresh = TimeSpan.seconds(60)
    /// The oldest version that is accepted.
    public var minVersion = TLSVersion.tls12
    /// Time limit of a handshake.
    public var handshakeTimeout = TimeSpan.seconds(10)
    /// Fails handshakes of clients that ask for no name, or for one that no certificate has.
    public var strictSNI = false
    /// PEM file of the authorities that issue client certificates. Empty: clients are not asked for a certificate.
    public var clientCA = ""
    /// Whether clients must have a certificate. Used with `client_ca`.
    public var clientAuth = ClientAuthentication.require
    /// Protocols to offer, the preferred one first.
    public var alpn = [ALPNProtocol.h2, .http11]

    public init() {}
}

/// One certificate of a listener.
public struct CertificateConfiguration: SettingTable, Hashable {
    /// PEM file of the certificate, followed by its intermediate certificates.
    public var certificate = ""
    /// PEM file of the certificate's private key.
    public var key = ""
    /// Names to use it for: `a.example`, `*.b.example`. Empty: those in the certificate.
    public var sni: [String] = []

    /// What the files would contain, for a certificate that exists in memory only.
    package var contents = CertificateContents()

    public init() {}
    public init(certificate: String, key: String, sni: [String] = []) {
        self.certificate = certificate
        self.key = key
        self.sni = sni
    }
}

/// A version of TLS.
public enum TLSVersion: String, SettingChoice {
    case tls12 = "1.2"
    case tls13 = "1.3"
}

/// Whether clients must present a certificate.
public enum ClientAuthentication: String, SettingChoice {
    /// Clients without a certificate fail the handshake.
    case require
    /// Clients may have none. An invalid one fails the handshake.
    case request
}

/// A protocol that clients choose in the handshake (RFC 7301).
public enum ALPNProtocol: String, SettingChoice {
    case h2
    case http11 = "http/1.1"
}

extension TLSConfiguration {
    /// All certificates: that of `certificate` and `key` first, if there is one.
    package var allCertificates: [CertificateConfiguration] {
        let own = CertificateConfiguration(certificate: self.certificate, key: self.key)
        return (self.certificate.isEmpty && self.key.isEmpty ? [] : [own]) + self.certificates
    }
}

extension ServerConfiguration {
    /// Whether connections to the address use TLS.
    package func isSecure(_ address: ListenAddress) -> Bool {
        address.scheme.map { $0 == .https } ?? (self.tls != nil)
    }
}
