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
    private let contexts: Mutex<Contexts?>
    private let look: Mutex<CertificateLook<[FileStatus?]>?>

    /// The contexts of new connections.
    private struct Contexts {
        /// Offers the protocols of the configuration.
        let all: NIOSSLContext
        /// Offers HTTP/1.1 only.
        let http1: NIOSSLContext
    }

    /// Creates the security of an upstream. Until ``load()`` has read the files, handshakes fail.
    init(_ settings: Settings, folder: ConfigurationFolder) {
        self.settings = settings
        var client = ClientTLS(settings.tls, folder: folder)
        client.protocols =
            switch settings.http2 {
            case .auto: ["h2", Self.http1]
            case .always: ["h2"]
            case .never: [Self.http1]
            }
        self.client = client
        self.contexts = Mutex(nil)
        self.look = Mutex(nil)
    }

    /// Reads the files for connections from now on. This takes long; never do it on an event loop.
    func load() throws(TLSFileError) {
        // The version first: files that change while they are read are read again.
        let version = self.client.version
        try self.makeContexts()
        self.look.withLock { $0 = CertificateLook(version) }
    }

    private func makeContexts() throws(TLSFileError) {
        let all = try self.client.makeContext()
        var http1 = self.client
        http1.protocols = [Self.http1]
        let contexts = Contexts(all: all, http1: http1 == self.client ? all : try http1.makeContext())
        self.contexts.withLock { $0 = contexts }
    }

    /// Returns everything that is wrong with the files. It blocks; never do it on an event loop.
    func problems() -> [TLSFileError] { self.client.problems() }

    /// Returns the path of the file of an error, as it is written in the configuration.
    func file(of error: TLSFileError) -> String {
        switch self.key(of: error) {
        case "key": self.settings.tls.key
        case "certificate": self.settings.tls.certificate
        default: self.settings.tls.ca
        }
    }

    enum OnRefresh: Equatable {
        case unchanged
        /// New connections use the new files.
        case renewed
        /// The files have changed and cannot be used. Those from before stay in use.
        case rejected(TLSFileError)
    }

    /// Reads the files again if they have changed. It blocks; never do it on an event loop.
    func refresh() -> OnRefresh {
        let version = self.client.version
        guard self.look.withLock({ $0?.see(version) }) == .load else { return .unchanged }
        do throws(TLSFileError) {
            try self.makeContexts()
            _ = self.look.withLock { $0?.loaded(version) }
            return .renewed
        } catch {
            let outcome = self.look.withLock { $0?.failed(because: "\(error)") }
            return outcome == .report ? .rejected(error) : .unchanged
        }
    }

    /// Why changed files are not used; nil if they are, or may be soon.
    var rejection: String? { self.look.withLock { $0?.rejection } }

    /// Whether there are files that may change.
    var hasFiles: Bool { !self.client.files.isEmpty }

    /// Returns the key in the configuration that names the file of an error.
    func key(of error: TLSFileError) -> String { self.client.setting(of: error) }

    private static let http1 = "http/1.1"

    /// Returns the context of new connections, or nil if the files could not be read.
    ///
    /// - Parameter isHTTP1: Whether only HTTP/1.1 is offered.
    fileprivate func context(isHTTP1: Bool) -> NIOSSLContext? {
        self.contexts.withLock { isHTTP1 ? $0?.http1 : $0?.all }
    }

    fileprivate func verify(_ certificate: NIOSSLCertificate?, name: ServerName) throws(TLSFailure) {
        try self.client.verify(certificate, name: name)
    }

    /// Returns the security of connections to one target.
    ///
    /// - Parameter isForUpgrades: Whether the connections must not use HTTP/2, which has no upgrades.
    func security(of target: TargetURL, isForUpgrades: Bool = false) -> TargetSecurity? {
        guard target.isSecure, let host = target.hostAndPort?.host else { return nil }
        let name = self.settings.tls.serverName
        let security = TargetSecurity(upstream: self, name: ServerName(name.isEmpty ? host : name))
        return isForUpgrades ? security.http1 : security
    }
}

/// TLS towards one target.
struct TargetSecurity: Sendable {
    let upstream: UpstreamSecurity
    let name: ServerName
    /// Whether only HTTP/1.1 is offered, whatever the configuration says.
    private(set) var isHTTP1 = false

    /// The same security for connections that have to use HTTP/1.1.
    var http1: TargetSecurity {
        var security = self
        security.isHTTP1 = true
        return security
    }

    /// Creates the handlers of a connection, from the socket to the application.
    func makeHandler() throws -> NIOSSLClientHandler {
        guard let context = self.upstream.context(isHTTP1: self.isHTTP1) else {
            throw TLSFailure("the settings of tls cannot be used")
        }
        return try NIOSSLClientHandler(context: context, serverHostname: self.name.indication)
    }

    /// Verifies the name of a certificate that is trusted.
    func verify(_ certificate: NIOSSLCertificate?) throws(TLSFailure) {
        try self.upstream.verify(certificate, name: self.name)
    }
}

extension UpstreamSecurity: Equatable {
    package static func == (one: UpstreamSecurity, other: UpstreamSecurity) -> Bool { one === other }
}
