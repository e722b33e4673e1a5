import GatewayCore
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
        self.client = ClientTLS(tls, folder: folder)
        self.serverName = tls.serverName
    }

    /// Returns everything that is wrong with the files. It blocks; never do it on an event loop.
    package func problems() -> [TLSFileError] { self.client.problems() }

    /// The key in the configuration that names the file of an error.
    package func key(of error: TLSFileError) -> String { self.client.setting(of: error) }

    /// Reads the files if they have changed. Those from before stay in use if they cannot be used.
    private func context() throws -> NIOSSLContext {
        let files = self.client.version
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
        try self.client.verify(certificate, name: name)
    }
}
