package import GatewaySettings
package import GatewayTLS

/// The files of one certificate of the listeners, or what they would contain.
package struct CertificateFiles: Hashable, Sendable {
    /// The paths as written.
    package let certificate: String
    package let key: String
    package let sni: [String]
    private let certificatePath: String
    private let keyPath: String
    /// Empty if the certificate is in files.
    private let contents: CertificateContents

    package init(_ configuration: CertificateConfiguration, in folder: ConfigurationFolder) {
        self.certificate = configuration.certificate
        self.key = configuration.key
        self.sni = configuration.sni
        self.certificatePath = folder.path(configuration.certificate)
        self.keyPath = folder.path(configuration.key)
        self.contents = configuration.contents
    }

    /// A file that cannot be used.
    package struct Problem: Error, Hashable, CustomStringConvertible {
        /// The path as written.
        package let file: String
        package let isKey: Bool
        package let reason: String

        package var description: String { "\(self.file): \(self.reason)" }
    }

    /// Reads the files. It blocks; never do it on an event loop.
    package func load() throws(Problem) -> ServerCertificate {
        var (certificate, key) = (Array(self.contents.certificate.utf8), Array(self.contents.key.utf8))
        if certificate.isEmpty {
            certificate = try self.read(self.certificatePath, as: self.certificate, isKey: false)
            key = try self.read(self.keyPath, as: self.key, isKey: true)
        }
        do throws(CertificateProblem) {
            return try ServerCertificate(name: self.certificate, certificate: certificate, key: key, sni: self.sni)
        } catch {
            throw Problem(
                file: error.isInKey ? self.key : self.certificate,
                isKey: error.isInKey,
                reason: "\(error)"
            )
        }
    }

    private func read(_ path: String, as file: String, isKey: Bool) throws(Problem) -> [UInt8] {
        do throws(TLSFileError) {
            return try TLSFile.bytes(of: path)
        } catch {
            throw Problem(file: file, isKey: isKey, reason: error.problem)
        }
    }

    /// Changes whenever a file does.
    package struct Version: Hashable, Sendable {
        let certificate: FileStatus?
        let key: FileStatus?
    }

    /// Looks at the files. It blocks; never do it on an event loop.
    package var version: Version {
        Version(certificate: FileStatus(of: self.certificatePath), key: FileStatus(of: self.keyPath))
    }
}
