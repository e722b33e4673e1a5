import GatewayCore
import GatewayHTTP
import Synchronization

/// Counts the WebSockets of a route, exact across event loops: those that are open, and handshakes on their way.
final class WebSocketSlots: Sendable {
    /// Who has opened a WebSocket.
    enum Client: Hashable, Sendable {
        case consumer(String)
        /// An IPv6 address is reduced to its /64 network, because a client has the whole of it.
        case address(high: UInt64, low: UInt64)

        /// The consumer, else the address. Nil if the client has neither, as on a Unix socket.
        init?(_ consumer: String?, at address: ClientAddress) {
            if let consumer {
                self = .consumer(consumer)
            } else if let ip = address.ip?.counted {
                self = .address(high: ip.high, low: ip.isIPv6 ? 0 : ip.low)
            } else {
                return nil
            }
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
