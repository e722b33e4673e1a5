/// The certificates of the listeners, and which one a handshake presents.
package struct CertificateTable: Sendable {
    /// In the order of the configuration. The first one is presented when no name decides.
    package let certificates: [ServerCertificate]
    private var exact: [String: Int] = [:]
    /// By the part after `*.`.
    private var wildcards: [String: Int] = [:]

    package init(_ certificates: [ServerCertificate]) {
        self.certificates = certificates
        for (index, certificate) in certificates.enumerated() {
            for name in certificate.choosingNames {
                if name.isWildcard {
                    if self.wildcards[name.name] == nil { self.wildcards[name.name] = index }
                } else if self.exact[name.name] == nil {
                    self.exact[name.name] = index
                }
            }
        }
    }

    /// The certificate for the name that a client asks for.
    package struct Choice {
        package let certificate: ServerCertificate
        /// Whether the certificate was chosen by the name, and not for lack of a better one.
        package let isNamed: Bool
    }

    /// Returns the certificate to present: the one with exactly this name, the one with a wildcard for its first label, else
    /// the first. Nil if there is none at all.
    ///
    /// - Parameter serverName: The name in lowercase, without a dot at its end; nil if the client asks for none.
    package func choose(_ serverName: String?) -> Choice? {
        if let index = serverName.flatMap(self.index) {
            return Choice(certificate: self.certificates[index], isNamed: true)
        }
        return self.certificates.first.map { Choice(certificate: $0, isNamed: false) }
    }

    private func index(of serverName: String) -> Int? {
        if let index = self.exact[serverName] { return index }
        guard !self.wildcards.isEmpty, let dot = serverName.utf8.firstIndex(of: UInt8(ascii: ".")),
            dot != serverName.startIndex
        else { return nil }
        return self.wildcards[String(serverName[serverName.index(after: dot)...])]
    }
}
