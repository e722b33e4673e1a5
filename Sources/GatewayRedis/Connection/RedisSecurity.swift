package import GatewaySettings
package import GatewayTLS
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// TLS towards the servers. Changed files are read when the next connection opens.
package final class RedisSecurity: Sendable {
    private let client: ClientTLS
    private let serverName: String
    private let state = Mutex<State?>(nil)

    private struct State {
        let files: [FileStatus?]
        let context: NIOSSLContext
    }

    package init(_ tls: UpstreamTLSConfiguration, folder: ConfigurationFolder) {
        func path(_ written: String) -> String { written.isEmpty ? "" : folder.path(written) }
        var client = ClientTLS()
        client.verifies = tls.verify
        client.authorities = path(tls.ca)
        client.certificate = path(tls.certificate)
        client.key = path(tls.key)
        self.client = client
        self.serverName = tls.serverName
    }

    /// Returns everything that is wrong with the files. It blocks; never do it on an event loop.
    package func problems() -> [TLSFileError] { self.client.problems() }

    /// The key in the configuration that names the file of an error.
    package func key(of error: TLSFileError) -> String {
        switch error.path {
        case self.client.key: "key"
        case self.client.certificate: "certificate"
        default: "ca"
        }
    }

    /// Reads the files if they have changed. Those from before stay in use if they cannot be used.
    private func context() throws -> NIOSSLContext {
        let paths = [self.client.authorities, self.client.certificate, self.client.key].filter { !$0.isEmpty }
        let files = paths.map { FileStatus(of: $0) }
        let known = self.state.withLock { $0 }
        if let known, known.files == files { return known.context }
        do {
            let context = try self.client.makeContext()
            self.state.withLock { $0 = State(files: files, context: context) }
            return context
        } catch {
            guard let known else { throw error }
            return known.context
        }
    }

    /// Returns the context of a new connection. The files are read elsewhere.
    func context(on eventLoop: any EventLoop) -> EventLoopFuture<NIOSSLContext> {
        NIOThreadPool.singleton.runIfActive(eventLoop: eventLoop) { try self.context() }
    }

    /// The name that the certificate of a host must have.
    func name(of host: RedisURL.Host) -> ServerName {
        ServerName(self.serverName.isEmpty ? host.name : self.serverName)
    }

    /// Verifies the name of a certificate that is trusted.
    func verify(_ certificate: NIOSSLCertificate?, name: ServerName) throws(TLSFailure) {
        guard self.client.verifies else { return }
        guard let certificate else { throw TLSFailure("the server has no certificate") }
        let names = CertificateNames(certificate)
        guard !names.include(name) else { return }
        let list = names.description
        throw TLSFailure("the certificate of the server is for \(list.isEmpty ? "no name" : list), not for \(name)")
    }
}
