import GatewayHTTP2
import Logging
import NIOCore
import Synchronization

/// Limits the warnings about floods to one per minute and address.
final class FloodLog: Sendable {
    private static let interval = TimeAmount.minutes(1)
    /// The number of addresses to remember. Beyond it all are forgotten, which may only log too much.
    private static let capacity = 1024

    private let warned = Mutex<[String: NIODeadline]>([:])

    /// Returns whether to log a flood of this address.
    func admits(_ address: String, at now: NIODeadline) -> Bool {
        self.warned.withLock { warned in
            if let last = warned[address], now - last < Self.interval { return false }
            if warned.count >= Self.capacity { warned.removeAll() }
            warned[address] = now
            return true
        }
    }
}

extension Worker {
    package static let http2Floods = MetricDescription(
        "gateway_http2_floods_total",
        .counter,
        help: "HTTP/2 connections closed because of a flood, by kind: reset, reset_provoked, settings, priority, ping, "
            + "window_update, empty_data, continuation, headers, stalled.",
        labels: ["kind"]
    )

    /// Counts a flood, and logs it unless another one of the same address was logged just before.
    func reportFlood(_ kind: FloodGuard.Kind, from peer: ClientAddress) {
        self.meters.counter(Self.http2Floods, [kind.rawValue]).add()
        let address = peer.description
        let log = self.shared.object("http2.floods") { FloodLog() }
        guard log.admits(address, at: self.now) else { return }
        self.log.warning(
            "HTTP/2 connection closed: flood",
            metadata: ["kind": "\(kind.rawValue)", "client": "\(address)"]
        )
    }
}
