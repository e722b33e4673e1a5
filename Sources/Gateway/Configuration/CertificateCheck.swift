import GatewayCore
import GatewayHTTP
import GatewaySettings
import GatewayTLS
import Logging

/// Reads the certificates that a configuration names, and finds those that cannot be used or soon cannot.
///
/// It reads files, so call it on a separate thread.
struct CertificateCheck {
    let configuration: GatewayConfiguration
    /// The errors found so far. Their consequences are not reported.
    let diagnostics: ConfigurationDiagnostics
    /// Seconds since 1970.
    let now: Int64

    /// The errors in the files of `[server.tls]`. Those of upstreams are found when the upstreams are built.
    var errors: [ConfigurationError] {
        let table = self.diagnostics.written(SettingPath("server", "tls"))
        guard self.configuration.server.tls != nil, !self.diagnostics.hasFailure(in: table) else { return [] }
        let watch = CertificateWatch(events: NoEvents(), log: Logger(label: "gateway.check"))
        do throws(ConfigurationErrors) {
            _ = try watch.prepare(self.configuration)
            return []
        } catch {
            return error.errors
        }
    }

    /// Warnings about certificates that can be used.
    var warnings: [ConfigurationError] { self.serverWarnings + self.upstreamWarnings }

    private var serverWarnings: [ConfigurationError] {
        guard let tls = self.configuration.server.tls else { return [] }
        let table = SettingPath("server", "tls")
        let first = tls.allCertificates.count - tls.certificates.count
        return tls.allCertificates.enumerated().flatMap { index, pair -> [ConfigurationError] in
            let place = index < first ? table : table + "certificates" + (index - first)
            guard let certificate = self.load(pair) else { return [] }
            return self.defects(of: certificate, place + "certificate")
                + self.missingNames(of: certificate, pair, at: place)
        }
    }

    private var upstreamWarnings: [ConfigurationError] {
        self.configuration.upstreams.flatMap { name, upstream -> [ConfigurationError] in
            guard let tls = upstream.tls,
                let certificate = self.load(CertificateConfiguration(certificate: tls.certificate, key: tls.key))
            else { return [] }
            return self.defects(of: certificate, SettingPath("upstreams") + name + "tls" + "certificate")
        }
    }

    /// Nil if the files cannot be used, which is an error.
    private func load(_ pair: CertificateConfiguration) -> ServerCertificate? {
        guard !pair.certificate.isEmpty, !pair.key.isEmpty else { return nil }
        return try? CertificateFiles(pair, in: self.configuration.document.folder).load()
    }

    private func defects(of certificate: ServerCertificate, _ path: SettingPath) -> [ConfigurationError] {
        certificate.defects(at: self.now).map { defect in
            self.warning(path, "\(JSONText.quoted(certificate.name)): \(defect)", defect.suggestion)
        }
    }

    /// Warns about a certificate that clients will not accept for any of the hosts, or for a name that chooses it.
    private func missingNames(
        of certificate: ServerCertificate,
        _ pair: CertificateConfiguration,
        at place: SettingPath
    ) -> [ConfigurationError] {
        let names = certificate.names.map { "\($0)" }.joined(separator: ", ")
        let own = names.isEmpty ? "no name" : names
        var warnings = pair.sni.enumerated().compactMap { index, name -> ConfigurationError? in
            guard !Self.covers(certificate, HostPattern.lenient(name)) else { return nil }
            return self.warning(
                place + "sni" + index,
                "\(JSONText.quoted(certificate.name)) is for \(own), not for \(JSONText.quoted(name))",
                "use a certificate for \(JSONText.quoted(name)), or remove the name"
            )
        }
        let routes = self.configuration.routes
        // A route without hosts serves any name.
        guard !routes.isEmpty, routes.allSatisfy({ !$0.hosts.isEmpty }) else { return warnings }
        let hosts = routes.flatMap(\.hosts).map(HostPattern.lenient)
        if !hosts.contains(where: { Self.covers(certificate, $0) }) {
            warnings.append(
                self.warning(
                    place + "certificate",
                    "\(JSONText.quoted(certificate.name)) is for \(own), which no route has in hosts",
                    "use a certificate for \(JSONText.quoted(routes[0].hosts[0]))"
                )
            )
        }
        return warnings
    }

    /// Whether the certificate is valid for a host that the pattern matches.
    private static func covers(_ certificate: ServerCertificate, _ host: HostPattern) -> Bool {
        switch host {
        case .any: true
        case .exact(let name):
            certificate.names.contains { $0.matches(name.hasPrefix("[") ? String(name.dropFirst().dropLast()) : name) }
        case .suffix(let suffix): certificate.names.contains { ("." + $0.name).hasSuffix(suffix) }
        }
    }

    private func warning(_ path: SettingPath, _ problem: String, _ suggestion: String) -> ConfigurationError {
        let path = self.diagnostics.written(path)
        let position = self.configuration.document.position(of: path)
        return ConfigurationError(problem, suggestion: suggestion, key: path.description, at: position)
            .found(by: .certificate)
    }
}

extension HostPattern {
    /// Returns the pattern, or one that matches everything if the text is not one, which is reported elsewhere.
    fileprivate static func lenient(_ text: String) -> HostPattern { (try? HostPattern(text)) ?? .any }
}
