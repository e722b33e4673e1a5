import GatewayCore
import GatewayHTTP
import Synchronization

/// Counts the WebSockets of a route, exact across event loops: those that are open, and handshakes on their way.
final class WebSocketSlots: Sendable {
    /// Who has opened a WebSocket.
    struct Client: Hashable, Sendable {
        /// The address, with an IPv6 address reduced to its /64 network, because a client has the whole of it.
        private let high: UInt64
        private let low: UInt64

        /// Returns nil if the client has no address, as on a Unix socket.
        init?(_ address: ClientAddress) {
            guard let ip = address.ip?.counted else { return nil }
            self.high = ip.high
            self.low = ip.isIPv6 ? 0 : ip.low
        }
    }

    enum OnOpen: Hashable, Sendable {
        case opened
        case routeFull
        case clientFull
    }

    private struct State {
        var open = 0
        var perClient: [Client: Int] = [:]
    }

    private let state = Mutex(State())

    /// Counts a WebSocket, unless there are too many.
    ///
    /// - Parameters:
    ///   - client: Nil if its WebSockets are not limited.
    ///   - limit: The maximum number for the route.
    ///   - clientLimit: The maximum number for the client.
    func open(for client: Client?, limit: Int, clientLimit: Int) -> OnOpen {
        self.state.withLock { state in
            guard state.open < limit else { return .routeFull }
            if let client {
                let count = state.perClient[client] ?? 0
                guard count < clientLimit else { return .clientFull }
                state.perClient[client] = count + 1
            }
            state.open += 1
            return .opened
        }
    }

    func close(for client: Client?) {
        self.state.withLock { state in
            state.open -= 1
            guard let client, let count = state.perClient[client] else { return }
            state.perClient[client] = count > 1 ? count - 1 : nil
        }
    }
}
