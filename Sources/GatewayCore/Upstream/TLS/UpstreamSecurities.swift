import GatewaySettings
import GatewayTLS

/// TLS towards the https targets of a configuration. Upstreams whose settings remain keep theirs.
package struct UpstreamSecurities: Sendable {
    /// A file that cannot be used.
    package struct Failure: Hashable, Sendable {
        package let upstream: String
        /// The key of the file in `[upstreams.NAME.tls]`.
        package let key: String
        package let problem: String
    }

    /// By upstream with https targets.
    let byUpstream: [String: UpstreamSecurity]
    private(set) var failures: [Failure] = []

    init(byUpstream: [String: UpstreamSecurity]) { self.byUpstream = byUpstream }

    /// Reads the files of upstreams that are new or have changed, which blocks. Upstreams with the same settings and no
    /// files that change share one, because the authorities of the system take long to load.
    init(
        _ upstreams: [String: UpstreamConfiguration],
        folder: ConfigurationFolder,
        reusing running: [String: UpstreamSecurity]
    ) {
        var securities: [String: UpstreamSecurity] = [:]
        var failures: [Failure] = []
        var shared = Dictionary(
            running.values.filter { !$0.hasFiles }.map { ($0.settings, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        for (name, upstream) in upstreams where upstream.targets.contains(where: \.url.isSecure) {
            let settings = UpstreamSecurity.Settings(upstream)
            if let same = running[name], same.settings == settings {
                securities[name] = same
                continue
            }
            if let same = shared[settings] {
                securities[name] = same
                continue
            }
            let security = UpstreamSecurity(settings, folder: folder)
            securities[name] = security
            if !security.hasFiles { shared[settings] = security }
            do throws(TLSFileError) {
                try security.load()
            } catch {
                failures += security.problems().map { problem in
                    Failure(upstream: name, key: security.key(of: problem), problem: problem.problem)
                }
            }
        }
        self.byUpstream = securities
        self.failures = failures.sorted { $0.upstream < $1.upstream }
    }
}
