import NIOCore
package import NIOSSL

/// How connections to servers are secured.
package struct ClientTLS: Hashable, Sendable {
    /// Whether the server's certificate is verified.
    package var verifies = true
    /// The PEM file of the trusted authorities. Empty: those of the system.
    package var authorities = ""
    /// The PEM files of the client certificate, leaf first, and of its key. Empty: none.
    package var certificate = ""
    package var key = ""
    /// The ALPN tokens to offer, most preferred first.
    package var protocols: [String] = []

    package init() {}

    /// Reads the files and creates a context. This takes long; never do it on an event loop.
    ///
    /// The context verifies who issued a certificate, but not its name, because that may be an address other than the
    /// server's.
    package func makeContext() throws(TLSFileError) -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.cipherSuiteValues = ServerTLS.cipherSuites
        configuration.renegotiationSupport = .none
        configuration.applicationProtocols = self.protocols
        // A connection is closed only when nothing more is expected from the server.
        configuration.shutdownTimeout = .zero
        configuration.certificateVerification = self.verifies ? .noHostnameVerification : .none
        if !self.verifies {
            configuration.trustRoots = .certificates([])
        } else if self.authorities.isEmpty {
            configuration.trustRoots = SystemTrust.roots
        } else {
            configuration.trustRoots = .certificates(try Self.read(self.authorities, PEMText.certificates))
        }
        if !self.certificate.isEmpty, !self.key.isEmpty {
            let chain = try Self.read(self.certificate, PEMText.certificates)
            configuration.certificateChain = chain.map { .certificate($0) }
            configuration.privateKey = .privateKey(try Self.read(self.key, PEMText.privateKey))
        }
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            // Everything else has been read already.
            throw TLSFileError(self.key, CertificateProblem.foreignKey.description)
        }
    }

    /// Returns everything that is wrong with the files. It reads them, which blocks.
    package func problems() -> [TLSFileError] {
        var authorities = self
        authorities.certificate = ""
        var pair = self
        pair.authorities = ""
        return [authorities, pair].compactMap { part in
            do throws(TLSFileError) {
                _ = try part.makeContext()
                return nil
            } catch {
                return error
            }
        }
    }

    /// The files that may change.
    package var files: [String] { [self.authorities, self.certificate, self.key].filter { !$0.isEmpty } }

    /// Returns the key in the configuration that names the file of an error.
    package func setting(of error: TLSFileError) -> String {
        switch error.path {
        case self.key: "key"
        case self.certificate: "certificate"
        default: "ca"
        }
    }

    /// Verifies the name of a server's certificate that is trusted.
    package func verify(_ certificate: NIOSSLCertificate?, name: ServerName) throws(TLSFailure) {
        guard self.verifies else { return }
        guard let certificate else { throw TLSFailure("the server has no certificate") }
        let names = CertificateNames(certificate)
        guard !names.include(name) else { return }
        let list = names.description
        throw TLSFailure("the certificate of the server is for \(list.isEmpty ? "no name" : list), not for \(name)")
    }

    private static func read<Content>(
        _ path: String,
        _ parse: ([UInt8]) throws(CertificateProblem) -> Content
    ) throws(TLSFileError) -> Content {
        let text = try TLSFile.bytes(of: path)
        do throws(CertificateProblem) {
            return try parse(text)
        } catch {
            throw TLSFileError(path, error.description)
        }
    }
}
