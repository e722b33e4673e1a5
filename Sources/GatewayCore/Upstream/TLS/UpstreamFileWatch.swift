package import GatewaySettings
import GatewayTLS
package import Logging

/// Looks at the files of TLS towards upstreams while the gateway runs.
package final class UpstreamFileWatch: Sendable {
    private let upstreams: UpstreamRegistry
    private let events: any EventSink
    private let log: Logger

    package init(_ upstreams: UpstreamRegistry, events: any EventSink, log: Logger) {
        self.upstreams = upstreams
        self.events = events
        self.log = log
    }

    /// The time from one look to the next: the shortest that an upstream asks for. Nil if there are no files.
    package var interval: TimeSpan? {
        self.upstreams.securities.values.filter(\.hasFiles).map(\.settings.tls.refresh).min()
    }

    /// Looks at the files, and uses those that have changed for new connections. It blocks; never do it on an event loop.
    package func look() {
        for (name, security) in self.upstreams.securities where security.hasFiles {
            switch security.refresh() {
            case .unchanged: break
            case .renewed: self.log.notice("certificates of an upstream renewed", metadata: ["upstream": "\(name)"])
            case .rejected(let error):
                CertificateRejection(file: security.file(of: error), reason: error.problem, upstream: name)
                    .report(to: self.log, self.events)
            }
        }
    }
}
