import GatewayHTTP
import GatewayHTTP1
import GatewaySettings
import NIOCore

/// How the endpoints of a target are polled, prepared from the configuration.
struct PollPlan: Sendable {
    let connector: any UpstreamConnector
    let target: TargetURL
    /// TLS towards the target. Nil if it is not an https target.
    let security: TargetSecurity?
    /// The version of the PROXY header that polls begin with.
    let proxyProtocol: ProxyProtocolVersion
    let limits: HTTP1Limits
    let interval: TimeAmount
    let timeout: TimeAmount
    let thresholds: PolledHealth.Thresholds
    let slowStart: TimeAmount
    /// The port to poll. Nil: that of the endpoint.
    let port: Int?
    /// Nil: the poll only connects, or makes a call.
    let request: Request?
    /// The call of a poll with gRPC.
    let call: GRPCHealthCall?

    /// A request, and what its response must be like.
    struct Request: Sendable {
        let bytes: ByteBuffer
        let method: Method
        let expect: StatusSet
        let body: String
    }

    init(
        _ health: HealthCheckConfiguration,
        target: TargetURL = .missing,
        authority: [UInt8],
        maxHead: Int,
        http2: UpstreamHTTP2 = .auto,
        security: TargetSecurity? = nil,
        proxyProtocol: ProxyProtocolVersion = .off
    ) {
        self.target = target
        self.security = security
        self.limits = HTTP1Limits(headers: maxHead, headerCount: 1000)
        var connector = TargetConnector(limits: self.limits, http2: http2)
        // Another port is not the one that expects PROXY headers.
        self.proxyProtocol = health.port == 0 ? proxyProtocol : .off
        connector.proxyProtocol = self.proxyProtocol
        self.connector = connector
        self.interval = TimeAmount(health.interval)
        self.timeout = TimeAmount(health.timeout)
        self.thresholds = PolledHealth.Thresholds(
            healthyAfter: health.healthyAfter,
            unhealthyAfter: health.unhealthyAfter
        )
        self.slowStart = TimeAmount(health.slowStart)
        self.port = health.port == 0 ? nil : health.port
        self.request = health.type == .http ? Request(health, authority: authority) : nil
        self.call = health.type == .grpc ? GRPCHealthCall(health, authority: authority) : nil
    }

    /// Whether polls connect to the port that requests go to.
    func pollsPort(of endpoint: UpstreamEndpoint) -> Bool { self.port == nil || self.port == endpoint.address.port }

    /// The address to poll for an endpoint.
    func address(of endpoint: UpstreamEndpoint) -> SocketAddress {
        var address = endpoint.address
        if let port = self.port { address.port = port }
        return address
    }
}

extension PollPlan.Request {
    init(_ health: HealthCheckConfiguration, authority: [UInt8]) {
        self.method = Array(health.method.utf8).withUnsafeBytes { Method($0) }
        self.expect = health.expect
        self.body = health.body
        var bytes = ByteBuffer()
        bytes.writeString("\(health.method) \(health.path) HTTP/1.1\r\nHost: ")
        bytes.writeBytes(health.host.isEmpty ? authority : Array(health.host.utf8))
        bytes.writeLineEnd()
        if !health.headers.keys.contains(where: { $0.lowercased() == "user-agent" }) {
            bytes.writeString("User-Agent: gateway/\(GatewayVersion.current) (health check)\r\n")
        }
        for (name, value) in health.headers.sorted(by: { $0.key < $1.key }) {
            bytes.writeString("\(name): \(value)\r\n")
        }
        // A request of these methods without a body says so (RFC 9110 section 8.6).
        switch self.method {
        case .post, .put, .patch: bytes.writeContentLength(0)
        default: break
        }
        bytes.writeString("Connection: close\r\n\r\n")
        self.bytes = bytes
    }
}
