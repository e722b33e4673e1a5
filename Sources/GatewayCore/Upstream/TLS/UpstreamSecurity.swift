package import GatewaySettings
package import GatewayTLS
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
    /// Nil if the files could not be read.
    private let context: Mutex<NIOSSLContext?>

    /// Reads the files, which blocks.
    package init(_ settings: Settings) throws(TLSFileError) {
        self.settings = settings
        self.context = Mutex(try Self.makeContext(settings))
    }

    /// Creates the security of an upstream whose files cannot be read. Handshakes fail.
    init(unusable settings: Settings) {
        self.settings = settings
        self.context = Mutex(nil)
    }

    private static func makeContext(_ settings: Settings) throws(TLSFileError) -> NIOSSLContext {
        var tls = ClientTLS()
        tls.verifies = settings.tls.verify
        tls.authorities = settings.tls.ca
        tls.certificate = settings.tls.certificate
        tls.key = settings.tls.key
        tls.protocols = ["http/1.1"]
        return try tls.makeContext()
    }

    /// The context of new connections.
    var current: NIOSSLContext? { self.context.withLock { $0 } }

    /// Returns the security of connections to one target.
    func security(of target: TargetURL) -> TargetSecurity? {
        guard target.isSecure, let host = target.hostAndPort?.host else { return nil }
        let name = self.settings.tls.serverName
        return TargetSecurity(upstream: self, name: ServerName(name.isEmpty ? host : name))
    }
}

/// TLS towards one target.
struct TargetSecurity: Sendable {
    let upstream: UpstreamSecurity
    let name: ServerName

    /// Creates the handlers of a connection, from the socket to the application.
    func makeHandler() throws -> NIOSSLClientHandler {
        guard let context = self.upstream.current else { throw TLSFailure("the settings of tls cannot be used") }
        return try NIOSSLClientHandler(context: context, serverHostname: self.name.indication)
    }

    /// Verifies the name of a certificate that is trusted.
    func verify(_ certificate: NIOSSLCertificate?) throws(TLSFailure) {
        guard self.upstream.settings.tls.verify else { return }
        guard let certificate else { throw TLSFailure("the server has no certificate") }
        let names = CertificateNames(certificate)
        guard !names.include(self.name) else { return }
        let list = names.description
        throw TLSFailure("the certificate of the server is for \(list.isEmpty ? "no name" : list), not for \(self.name)")
    }
}

extension UpstreamSecurity: Equatable {
    package static func == (one: UpstreamSecurity, other: UpstreamSecurity) -> Bool { one === other }
}
