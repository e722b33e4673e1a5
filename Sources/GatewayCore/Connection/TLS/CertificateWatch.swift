package import GatewaySettings
package import GatewayTLS
package import Logging
import NIOConcurrencyHelpers
import NIOCore

/// The certificates of the gateway while it runs: read at the start and on reload, and again when their files change.
///
/// Reading blocks, so call the methods that read on a separate thread.
package final class CertificateWatch: Sendable {
    package static let expiry = MetricDescription(
        "gateway_tls_certificate_expiry_timestamp_seconds",
        .gauge(.maximum),
        help: "When a certificate expires, in seconds since 1970, by its path as written.",
        labels: ["name"],
        unit: .seconds
    )

    fileprivate struct Watched: Sendable {
        let files: CertificateFiles
        var look: CertificateLook<CertificateFiles.Version>
        var certificate: ServerCertificate
    }

    private struct State: Sendable {
        var tls: ServerTLS?
        var watched: [Watched] = []
        /// Increases with each reload.
        var round = 0
    }

    /// The TLS of a new configuration. Nothing changes until it is applied.
    package struct Change: Sendable {
        /// Nil if no listener uses TLS.
        package let tls: ServerTLS?
        fileprivate let watched: [Watched]
    }

    /// A certificate in use.
    package struct Report: Sendable {
        package let certificate: ServerCertificate
        /// Why its files, which have changed, are not used; nil if they are.
        package let rejection: String?
    }

    private let state = NIOLockedValueBox(State())
    private let events: any EventSink
    private let log: Logger
    private let reminder = NIOLockedValueBox(CertificateReminder())

    package init(events: any EventSink, log: Logger) {
        self.events = events
        self.log = log
    }

    /// The certificates in use, in the order of the configuration.
    package var reports: [Report] {
        self.state.withLockedValue { state in
            state.watched.map { Report(certificate: $0.certificate, rejection: $0.look.rejection) }
        }
    }

    /// What listeners need for handshakes; nil without `[server.tls]`.
    package var tls: ServerTLS? { self.state.withLockedValue { $0.tls } }

    package func register(with registry: MeterRegistry) {
        registry.addSource { [weak self] in
            var family = MetricFamily(Self.expiry)
            var names: Set<String> = []
            for report in self?.reports ?? [] where names.insert(report.certificate.name).inserted {
                family.append([report.certificate.name], Double(report.certificate.notAfter))
            }
            return [family]
        }
    }

    // MARK: Start and reload

    /// Reads all files of a configuration.
    ///
    /// - Throws: The errors in the files, all of them.
    package func prepare(_ configuration: GatewayConfiguration) throws(ConfigurationErrors) -> Change {
        guard let tls = configuration.server.tls else { return Change(tls: nil, watched: []) }
        var errors: [ConfigurationError] = []
        var watched: [Watched] = []
        for (index, pair) in tls.allCertificates.enumerated() {
            let files = CertificateFiles(pair, in: configuration.document.folder)
            // The version first: files that change while they are read are read again.
            let version = files.version
            do throws(CertificateFiles.Problem) {
                watched.append(Watched(files: files, look: CertificateLook(version), certificate: try files.load()))
            } catch {
                errors.append(configuration.error(error, ofCertificate: index))
            }
        }
        var settings = ServerTLS.Settings(tls)
        do throws(ConfigurationError) {
            settings.sessions.clientAuthorities = try configuration.clientAuthorities()
        } catch {
            errors.append(error)
        }
        guard errors.isEmpty else { throw ConfigurationErrors(errors) }
        if let kept = self.tls?.with(settings) { return Change(tls: kept, watched: watched) }
        do {
            let made = try ServerTLS(settings, CertificateTable(watched.map(\.certificate)))
            return Change(tls: made, watched: watched)
        } catch {
            throw ConfigurationErrors([configuration.tlsError("TLS cannot be set up: \(error)", at: "client_ca")])
        }
    }

    /// Uses the certificates of a new configuration.
    package func apply(_ change: Change) {
        self.state.withLockedValue { state in
            state.tls = change.tls
            state.watched = change.watched
            state.round += 1
        }
        change.tls?.certificates.table = CertificateTable(change.watched.map(\.certificate))
    }

    // MARK: Expiry

    /// Reminds operators of certificates that expire soon or have expired.
    ///
    /// - Parameter second: The time, in seconds since 1970.
    package func remind(at second: Int64) {
        let certificates = self.reports.map(\.certificate)
        for certificate in certificates {
            let isEnding =
                switch certificate.validityDefect(at: second) {
                case .expired, .expiring: true
                case .notYetValid, .brokenChain, nil: false
                }
            let days = certificate.daysLeft(at: second)
            let decision = self.reminder.withLockedValue {
                $0.look(at: certificate.name, daysLeft: isEnding ? days : nil)
            }
            guard decision == .remind else { continue }
            self.log.warning(
                "\(days < 0 ? "certificate has expired" : "certificate expires soon")",
                metadata: ["file": "\(certificate.name)", "days": "\(days)"]
            )
            self.events.publish(
                GatewayEvent(
                    "tls.certificate_expiring",
                    days < 0 ? .critical : .warning,
                    topic: "gateway",
                    ["file": .string(certificate.name), "days": .integer(days)]
                )
            )
        }
        self.reminder.withLockedValue { $0.keep(Set(certificates.map(\.name))) }
    }

    // MARK: Renewal

    /// Looks at the files, and uses those that have changed.
    package func look() {
        let (watched, round) = self.state.withLockedValue { ($0.watched, $0.round) }
        var (looked, isRenewed) = (watched, false)
        for index in looked.indices where self.look(at: &looked[index]) { isRenewed = true }
        self.state.withLockedValue { state in
            // A reload has read the files meanwhile.
            guard state.round == round else { return }
            state.watched = looked
            if isRenewed { state.tls?.certificates.table = CertificateTable(looked.map(\.certificate)) }
        }
    }

    /// Returns whether another certificate is in use.
    private func look(at watched: inout Watched) -> Bool {
        let version = watched.files.version
        guard watched.look.see(version) == .load else { return false }
        do throws(CertificateFiles.Problem) {
            let certificate = try watched.files.load()
            _ = watched.look.loaded(version)
            guard certificate.chain != watched.certificate.chain else { return false }
            watched.certificate = certificate
            self.log.notice("certificate renewed", metadata: ["file": "\(watched.files.certificate)"])
            return true
        } catch {
            if watched.look.failed(because: "\(error)") == .report {
                CertificateRejection(file: error.file, reason: error.reason).report(to: self.log, self.events)
            }
            return false
        }
    }
}

extension ServerTLS.Settings {
    /// The settings without the client authorities, which are in a file.
    fileprivate init(_ configuration: TLSConfiguration) {
        self.init()
        self.sessions.minimumVersion = configuration.minVersion == .tls13 ? .tls13 : .tls12
        self.sessions.protocols = configuration.alpn.map(\.rawValue)
        self.sessions.requiresClientCertificate = configuration.clientAuth == .require
        self.handshakeTimeout = TimeAmount(configuration.handshakeTimeout)
        self.isStrict = configuration.strictSNI
    }
}

extension GatewayConfiguration {
    /// Reads the authorities of client certificates.
    fileprivate func clientAuthorities() throws(ConfigurationError) -> [[UInt8]] {
        guard let file = self.server.tls?.clientCA, !file.isEmpty else { return [] }
        do {
            return try PEMText.authorities(try TLSFile.bytes(of: self.document.folder.path(file)))
        } catch let error as TLSFileError {
            throw self.tlsError("\(JSONText.quoted(file)): \(error.problem)", at: "client_ca")
        } catch {
            throw self.tlsError("\(JSONText.quoted(file)): \(error)", at: "client_ca")
        }
    }

    fileprivate func tlsError(_ message: String, at key: String) -> ConfigurationError {
        let path = SettingPath("server", "tls") + key
        return ConfigurationError(
            message,
            suggestion: "name a PEM file with the certificates of authorities",
            key: path.description,
            at: self.document.position(of: path)
        )
    }

    /// Returns the error for a file.
    ///
    /// - Parameter index: The place of the certificate among all of `[server.tls]`.
    package func error(_ problem: CertificateFiles.Problem, ofCertificate index: Int) -> ConfigurationError {
        let listed = self.server.tls?.certificates.count ?? 0
        let own = (self.server.tls?.allCertificates.count ?? 0) - listed
        let table = SettingPath("server", "tls")
        let path =
            (index < own ? table : table + "certificates" + (index - own)) + (problem.isKey ? "key" : "certificate")
        return ConfigurationError(
            "\(JSONText.quoted(problem.file)): \(problem.reason)",
            suggestion:
                "name a PEM file with \(problem.isKey ? "the private key of the certificate" : "the certificate")",
            key: path.description,
            at: self.document.position(of: path)
        )
    }
}
