import GatewayHTTP1
package import GatewaySettings
package import GatewayTLS
import NIOCore

/// The state that the connections of one listener share on one event loop.
package final class ListenerPlan {
    package static let connections = MetricDescription(
        "gateway_client_connections",
        .gauge(.sum),
        help: "Open client connections by state: active, idle.",
        labels: ["listener", "state"]
    )
    package static let connectionsAccepted = MetricDescription(
        "gateway_client_connections_accepted_total",
        .counter,
        help: "Client connections accepted.",
        labels: ["listener"]
    )
    package static let proxyHeaders = MetricDescription(
        "gateway_proxy_protocol_headers_total",
        .counter,
        help: "Connections that must begin with a PROXY header by result: ok, local, malformed, timeout, closed.",
        labels: ["listener", "result"]
    )

    /// The address, as shown in metrics.
    package let label: String
    /// Replaced on reload.
    package var limits: ConnectionLimits
    /// How connections are secured; nil if they are plain. Replaced on reload.
    package var security: ServerTLS?
    /// Whether the listener closes, so that its connections close after their requests.
    var isLeaving = false
    private let shared: SharedState
    package let isUnixSocket: Bool
    let handshakes: HandshakeMeters
    private let opened: Counter
    private let active: Gauge
    private let idle: Gauge
    private let meters: MeterShard

    package init(_ address: ListenAddress, limits: ConnectionLimits, shared: SharedState, meters: MeterShard) {
        let label = "\(address)"
        self.label = label
        if case .unix = address.location { self.isUnixSocket = true } else { self.isUnixSocket = false }
        self.limits = limits
        self.shared = shared
        self.meters = meters
        meters.admit(listener: label)
        self.handshakes = HandshakeMeters(listener: label, meters: meters)
        self.opened = meters.counter(Self.connectionsAccepted, [label])
        self.active = meters.gauge(Self.connections, [label, "active"])
        self.idle = meters.gauge(Self.connections, [label, "idle"])
    }

    func connectionOpened() {
        self.opened.add()
        self.idle.add()
    }

    /// Counts the connection of a client that has to complete a handshake first as idle.
    func handshakeBegan() { self.idle.add() }

    /// The handler of the negotiated protocol counts the connection from now on.
    func handshakeSucceeded() { self.idle.subtract() }

    func handshakeFailed() {
        self.opened.add()
        self.connectionClosed(isActive: false)
    }

    /// Records that a request started or ended.
    func connectionChanged(isActive: Bool) {
        self.active.add(isActive ? 1 : -1)
        self.idle.add(isActive ? -1 : 1)
    }

    /// Counts a connection that waits for its PROXY header as idle. It is counted as accepted once its handler opens or
    /// the wait has failed.
    func proxyHeaderAwaited() { self.idle.add() }

    func proxyHeaderEnded(_ result: ProxyHeaderResult) {
        self.meters.counter(Self.proxyHeaders, [self.label, result.rawValue]).add()
        self.idle.subtract()
        switch result {
        case .ok, .local: break
        case .malformed, .timeout, .closed:
            self.opened.add()
            self.shared.releaseConnection()
        }
    }

    func connectionClosed(isActive: Bool) {
        (isActive ? self.active : self.idle).subtract()
        self.shared.releaseConnection()
    }
}

/// `[server.limits]`, in the units that connections use.
package struct ConnectionLimits: Sendable, Equatable {
    let http1: HTTP1Limits
    let headerTimeout: TimeAmount
    let keepAlive: TimeAmount
    let writeTimeout: TimeAmount
    let requestsPerConnection: Int
    /// The longest time that one byte of a request's body may take.
    let bodyNanosecondsPerByte: Double

    init(_ configuration: LimitsConfiguration) {
        self.http1 = HTTP1Limits(
            startLine: configuration.requestLine.bytes,
            headers: configuration.headers.bytes,
            headerCount: configuration.headerCount
        )
        self.headerTimeout = TimeAmount(configuration.headerTimeout)
        self.keepAlive = TimeAmount(configuration.keepAlive)
        self.writeTimeout = TimeAmount(configuration.writeTimeout)
        self.requestsPerConnection = configuration.requestsPerConnection
        self.bodyNanosecondsPerByte = 1e9 / max(configuration.bodyRate.bytesPerSecond, 1e-6)
    }
}

@available(*, unavailable)
extension ListenerPlan: Sendable {}
