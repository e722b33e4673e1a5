import NIOCore

/// One place that an upstream's requests can go to.
final class UpstreamTarget: Sendable {
    let upstream: String
    let url: TargetURL
    /// As in metrics and logs: `127.0.0.1:9001`.
    let label: String
    /// For `Host`, where the client's is not kept.
    let authority: [UInt8]
    /// How a `Location` may name it.
    let origins: [[UInt8]]
    let weight: Int
    /// Connections that all workers together may have open to it.
    let permits: ConnectionPermits
    let health = TargetHealth()

    init(upstream: String, _ configuration: TargetConfiguration, permits: ConnectionPermits) {
        self.upstream = upstream
        self.url = configuration.url
        self.weight = configuration.weight
        self.permits = permits
        switch configuration.url {
        case .http(let host, let port):
            let authority = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
            self.label = "\(authority):\(port)"
            self.authority = Array((port == 80 ? authority : "\(authority):\(port)").utf8)
            let names = port == 80 ? [authority, "\(authority):80"] : ["\(authority):\(port)"]
            self.origins = names.map { Array("http://\($0)".utf8) }
        case .unix(let path):
            self.label = "unix:\(path)"
            self.authority = Array("localhost".utf8)
            self.origins = [Array("http://localhost".utf8)]
        }
    }
}
