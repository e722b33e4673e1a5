package import GatewaySettings
package import GatewayTLS

extension ClientTLS {
    /// - Parameter folder: Where relative paths start.
    package init(_ tls: UpstreamTLSConfiguration, folder: ConfigurationFolder) {
        func path(_ written: String) -> String { written.isEmpty ? "" : folder.path(written) }
        self.init()
        self.verifies = tls.verify
        self.authorities = path(tls.ca)
        self.certificate = path(tls.certificate)
        self.key = path(tls.key)
    }

    /// Changes whenever a file does. It blocks; never do it on an event loop.
    package var version: [FileStatus?] { self.files.map { FileStatus(of: $0) } }
}
