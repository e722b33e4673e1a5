package import GatewaySettings
import GatewayTLS
import NIOSSL
import Synchronization

/// TLS towards the https targets of an upstream, shared by all workers.
package final class UpstreamSecurity: Sendable {
    /// The settings that need a new context when they change.
    package struct Settings: Hashable, Sendable {
        package var tls: UpstreamTLSConfiguration
        package var http2: UpstreamHTTP2

        package init(_ upstream: UpstreamConfiguration) {
            self.tls = upstream.tls ?? UpstreamTLSConfiguration()
            self.http2 = upstream.http2
        }
    }

    package let settings: Settings
    private let client: ClientTLS
    /// Nil if the files could not be read.
    private let context: Mutex<NIOSSLContext?>
    /// For connections that must not use HTTP/2. Nil as well if the others do not offer it either.
    private let contextForUpgrades: Mutex<NIOSSLContext?>

    /// Creates the security of an upstream. Until ``load()`` has read the files, handshakes fail.
    init(_ settings: Settings, folder: ConfigurationFolder) {
        self.settings = settings
        self.client = ClientTLS(settings, folder: folder)
        self.context = Mutex(nil)
        self.contextForUpgrades = Mutex(nil)
    }

    /// Reads the files for connections from now on. This takes long; never do it on an event loop.
    func load() throws(TLSFileError) {
        let context = try self.client.makeContext()
        self.context.withLock { $0 = context }
        guard self.settings.http2 == .auto else { return }
        var client = self.client
        client.protocols = ["http/1.1"]
        let forUpgrades = try client.makeContext()
        self.contextForUpgrades.withLock { $0 = forUpgrades }
    }

    /// Returns the key in the configuration that names the file of an error.
    func key(of error: TLSFileError) -> String {
        switch error.path {
        case self.client.key: "key"
        case self.client.certificate: "certificate"
        default: "ca"
        }
    }

    /// The context of new connections.
    var current: NIOSSLContext? { self.context.withLock { $0 } }
    /// The context of new connections for upgrades.
    var currentForUpgrades: NIOSSLContext? { self.contextForUpgrades.withLock { $0 } ?? self.current }

    /// Returns the security of connections to one target.
    ///
    /// - Parameter isForUpgrades: Whether the connections must not use HTTP/2, which has no upgrades.
    func security(of target: TargetURL, isForUpgrades: Bool = false) -> TargetSecurity? {
        guard target.isSecure, let host = target.hostAndPort?.host else { return nil }
        let name = self.settings.tls.serverName
        return TargetSecurity(
            upstream: self,
            name: ServerName(name.isEmpty ? host : name),
            isForUpgrades: isForUpgrades
        )
    }
}

extension ClientTLS {
    fileprivate init(_ settings: UpstreamSecurity.Settings, folder: ConfigurationFolder) {
        func path(_ written: String) -> String { written.isEmpty ? "" : folder.path(written) }
        self.init()
        self.verifies = settings.tls.verify
        self.authorities = path(settings.tls.ca)
        self.certificate = path(settings.tls.certificate)
        self.key = path(settings.tls.key)
        self.protocols =
            switch settings.http2 {
            case .auto: ["h2", "http/1.1"]
            case .always: ["h2"]
            case .never: ["http/1.1"]
            }
    }
}

/// TLS towards one target.
struct TargetSecurity: Sendable {
    let upstream: UpstreamSecurity
    let name: ServerName
    var isForUpgrades = false

    /// Creates the handlers of a connection, from the socket to the application.
    func makeHandler() throws -> NIOSSLClientHandler {
        let context = self.isForUpgrades ? self.upstream.currentForUpgrades : self.upstream.current
        guard let context else { throw TLSFailure("the settings of tls cannot be used") }
        return try NIOSSLClientHandler(context: context, serverHostname: self.name.indication)
    }

    /// Whether the server may refuse the client certificate once the handshake has ended here, as TLS 1.3 allows.
    var mayBeRefused: Bool { !self.upstream.settings.tls.certificate.isEmpty }

    /// Verifies the name of a certificate that is trusted.
    func verify(_ certificate: NIOSSLCertificate?) throws(TLSFailure) {
        guard self.upstream.settings.tls.verify else { return }
        guard let certificate else { throw TLSFailure("the server has no certificate") }
        let names = CertificateNames(certificate)
        guard !names.include(self.name) else { return }
        let list = names.description
        throw TLSFailure(
            "the certificate of the server is for \(list.isEmpty ? "no name" : list), not for \(self.name)"
        )
    }
}

extension UpstreamSecurity: Equatable {
    package static func == (one: UpstreamSecurity, other: UpstreamSecurity) -> Bool { one === other }
}
