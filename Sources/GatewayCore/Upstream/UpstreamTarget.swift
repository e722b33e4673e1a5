package import GatewaySettings
package import NIOCore
import Synchronization

/// A server of an upstream, as configured. Each of its addresses is an `UpstreamEndpoint`. An IP address or a
/// socket file has one endpoint. A name has one per address of its last successful look-up, and none until then.
package final class UpstreamTarget: Sendable {
    package let upstream: String
    package let url: TargetURL
    /// The label in metrics and logs: `127.0.0.1:9001`.
    package let label: String
    /// The `Host` to send if the client's is not kept.
    package let authority: [UInt8]
    /// Whether connections to the target use TLS.
    let isSecure: Bool
    /// The authorities that a `Location` with the target's scheme may use to refer to this target.
    let authorities: [[UInt8]]
    private let currentWeight: Atomic<Int>
    /// Limits the open connections of all workers to all addresses of the target.
    let permits: ConnectionPermits
    /// The permits of connections for copies of requests, which must not take those of requests. Mirrors limit the
    /// number of copies.
    let copyPermits = ConnectionPermits(limit: 1_000_000, pendingLimit: 1_000_000)
    /// The name to look up. Nil if the URL contains the address.
    package let name: (host: String, port: Int)?
    package let createdAt = EndpointHealth.Moment.current
    private let changes: EndpointChanges
    private let addressing: Mutex<Addressing>

    private struct Addressing {
        var endpoints: [UpstreamEndpoint] = []
        /// Endpoints whose addresses were removed from the name, but that workers may still use.
        var leaving: [UpstreamEndpoint] = []
        var lookUp: LookUp
        var isPolled = false
        var isRetired = false
        var override: Override
    }

    /// The weight and what an operator has set by hand.
    private struct Override: Equatable {
        let configuredWeight: Int
        var weight: Int
        var drainedSince: EndpointHealth.Moment?

        init(weight: Int) {
            self.configuredWeight = weight
            self.weight = weight
        }

        var takesNoRequests: Bool { self.drainedSince != nil || self.weight == 0 }
    }

    /// The progress of a name's look-up.
    package enum LookUp: Sendable, Equatable {
        /// There is no name to look up.
        case unneeded
        /// The first look-up is in progress.
        case pending
        case found
        /// No look-up has returned an address since then.
        case failed(reason: String, since: EndpointHealth.Moment)
    }

    package init(
        upstream: String,
        _ configuration: TargetConfiguration,
        permits: ConnectionPermits,
        changes: EndpointChanges
    ) {
        self.upstream = upstream
        self.url = configuration.url
        self.currentWeight = Atomic(configuration.weight)
        self.permits = permits
        self.changes = changes
        let address: SocketAddress?
        self.isSecure = configuration.url.isSecure
        switch configuration.url {
        case .http(let host, let port), .https(let host, let port), .h2c(let host, let port):
            self.label = HostAndPort.text(host, port)
            // A trailing dot only keeps search domains out of the look-up. Servers do not expect it in `Host`.
            let name = host.hasSuffix(".") ? String(host.dropLast()) : host
            let authority = name.utf8.contains(UInt8(ascii: ":")) ? "[\(name)]" : name
            let isDefault = port == configuration.url.defaultPort
            let names = isDefault ? [authority, "\(authority):\(port)"] : ["\(authority):\(port)"]
            self.authorities = names.map { Array($0.utf8) }
            self.authority = self.authorities[0]
            address = try? SocketAddress(ipAddress: host, port: port)
            self.name = address == nil ? (host, port) : nil
        case .unix(let path):
            self.label = "unix:\(path)"
            self.authority = Array("localhost".utf8)
            self.authorities = [self.authority]
            address = try? SocketAddress(unixDomainSocketPath: path)
            self.name = nil
        }
        var addressing = Addressing(
            lookUp: self.name == nil ? .unneeded : .pending,
            override: Override(weight: configuration.weight)
        )
        if let address {
            addressing.endpoints = [UpstreamEndpoint(address, identity: self.label, changes: changes)]
        }
        self.addressing = Mutex(addressing)
    }

    /// The weight of each endpoint of the target.
    package var weight: Int { self.currentWeight.load(ordering: .relaxed) }

    // MARK: Changes

    /// Applies a new configuration. If it changes the weight, what was set by hand no longer holds.
    func configure(weight: Int) {
        self.change { override in
            if override.configuredWeight != weight { override = Override(weight: weight) }
        }
    }

    /// Sends no new requests to the target, until ``ready()``.
    package func drain(at moment: EndpointHealth.Moment = .current) {
        self.change { if $0.drainedSince == nil { $0.drainedSince = moment } }
    }

    /// Sends requests to the target again.
    package func ready() { self.change { $0.drainedSince = nil } }

    /// Sets the weight. 0: the target receives no new requests.
    package func set(weight: Int) { self.change { $0.weight = weight } }

    /// Whether the target was drained by hand.
    package var isDrained: Bool { self.drainedSince != nil }

    /// When the target was drained by hand. Nil if it is not drained.
    var drainedSince: EndpointHealth.Moment? { self.addressing.withLock { $0.override.drainedSince } }

    private func change(_ body: (inout Override) -> Void) {
        let hasChanged = self.addressing.withLock { addressing -> Bool in
            let before = addressing.override
            body(&addressing.override)
            guard addressing.override != before else { return false }
            self.currentWeight.store(addressing.override.weight, ordering: .relaxed)
            for endpoint in addressing.endpoints { endpoint.set(.drained, addressing.override.takesNoRequests) }
            return true
        }
        if hasChanged { self.changes.announce() }
    }

    /// Applies the settings of the circuit breakers.
    func configureCircuits() { for endpoint in self.endpoints { endpoint.circuit.configure() } }

    /// Retires a target that was removed from the configuration. Its endpoints finish their requests, and later
    /// addresses are ignored.
    func retire() {
        self.addressing.withLock { addressing in
            addressing.isRetired = true
            for endpoint in addressing.endpoints { endpoint.leave() }
        }
        self.changes.announce()
    }

    // MARK: Addresses

    package var endpoints: [UpstreamEndpoint] { self.addressing.withLock { $0.endpoints } }

    /// The endpoints that were removed but still finish requests.
    package var leavingEndpoints: [UpstreamEndpoint] {
        self.addressing.withLock { addressing in
            addressing.leaving.removeAll { !$0.isInUse }
            return addressing.leaving
        }
    }

    var lookUp: LookUp { self.addressing.withLock { $0.lookUp } }

    /// Whether health checks decide whether the target is up.
    package var isPolled: Bool { self.addressing.withLock { $0.isPolled } }

    /// Begins or ends the health checks of all addresses, including later ones.
    func setPolled(_ isPolled: Bool) {
        self.addressing.withLock { addressing in
            addressing.isPolled = isPolled
            for endpoint in addressing.endpoints { endpoint.setPolled(isPolled) }
        }
    }

    /// Sets the addresses of the name. Endpoints of addresses that remain keep their connections, health and counts.
    /// Other endpoints are added, or finish their requests.
    package func found(_ addresses: [SocketAddress]) {
        let hasChanged = self.addressing.withLock { addressing -> Bool in
            guard !addressing.isRetired else { return false }
            var rest = addressing.endpoints
            var endpoints: [UpstreamEndpoint] = []
            for address in addresses where !endpoints.contains(where: { $0.address == address }) {
                if let index = rest.firstIndex(where: { $0.address == address }) {
                    endpoints.append(rest.remove(at: index))
                } else {
                    let identity = "\(self.label) \(UpstreamEndpoint.label(of: address))"
                    let endpoint = UpstreamEndpoint(address, identity: identity, changes: self.changes)
                    endpoint.set(.drained, addressing.override.takesNoRequests)
                    if addressing.isPolled { endpoint.setPolled(true) }
                    endpoints.append(endpoint)
                }
            }
            for endpoint in rest { endpoint.leave() }
            addressing.leaving.removeAll { !$0.isInUse }
            addressing.leaving += rest
            let isSame = addressing.lookUp == .found && rest.isEmpty && endpoints.count == addressing.endpoints.count
            addressing.endpoints = endpoints
            addressing.lookUp = .found
            return !isSame
        }
        if hasChanged { self.changes.announce() }
    }

    /// Removes all addresses: the name has none, or none is known. The endpoints finish their requests.
    package func notFound(reason: String, at moment: EndpointHealth.Moment = .current) {
        let hasChanged = self.addressing.withLock { addressing -> Bool in
            guard !addressing.isRetired else { return false }
            for endpoint in addressing.endpoints { endpoint.leave() }
            addressing.leaving.removeAll { !$0.isInUse }
            addressing.leaving += addressing.endpoints
            addressing.endpoints = []
            if case .failed(_, let since) = addressing.lookUp {
                addressing.lookUp = .failed(reason: reason, since: since)
                return false
            }
            addressing.lookUp = .failed(reason: reason, since: moment)
            return true
        }
        if hasChanged { self.changes.announce() }
    }
}
