import GatewayTLS

/// The handshakes of one listener on one event loop.
package final class HandshakeMeters {
    package static let handshakes = MetricDescription(
        "gateway_tls_handshakes_total",
        .counter,
        help: "TLS handshakes by version (1.2, 1.3, none) and result: ok, resumed, failed, timeout.",
        labels: ["listener", "version", "result"]
    )

    private let listener: String
    private let meters: MeterShard
    /// By version and result. Series appear with their first handshake.
    private var counters: [Counter?] = Array(repeating: nil, count: 3 * HandshakeResult.allCases.count)

    init(listener: String, meters: MeterShard) {
        self.listener = listener
        self.meters = meters
    }

    /// - Parameter version: The version that was chosen; nil if the handshake did not get so far.
    func count(_ version: TLSVersionName?, _ result: HandshakeResult) {
        let row =
            switch version {
            case nil: 0
            case .tls12?: 1
            case .tls13?: 2
            }
        let index = row * HandshakeResult.allCases.count + result.rawValue
        if let counter = self.counters[index] { return counter.add() }
        let version = version.map { "\($0.name)" } ?? "none"
        let counter = self.meters.counter(Self.handshakes, [self.listener, version, "\(result)"])
        self.counters[index] = counter
        counter.add()
    }
}

@available(*, unavailable)
extension HandshakeMeters: Sendable {}
