/// How an exchange ended.
public enum Outcome: Sendable {
    /// The whole response was written. It may be an error.
    case complete
    /// The client left before the last byte.
    case clientGone
    /// The upstream failed after the head was sent to the client, so the client's connection was closed.
    case upstreamReset
    /// A deadline passed after the head was sent to the client.
    case timedOut(Deadlines.Phase)
    /// The gateway gave up after the head was sent to the client.
    case gatewayError

    /// Whether the response is incomplete for a reason other than the client leaving.
    package var isFailure: Bool {
        switch self {
        case .complete, .clientGone: false
        case .upstreamReset, .timedOut, .gatewayError: true
        }
    }

    package var name: StaticString {
        switch self {
        case .complete: "complete"
        case .clientGone: "client_gone"
        case .upstreamReset: "upstream_reset"
        case .timedOut(.header): "timeout_header"
        case .timedOut(.queue): "timeout_queue"
        case .timedOut(.connect): "timeout_connect"
        case .timedOut(.firstByte): "timeout_first_byte"
        case .timedOut(.idle): "timeout_idle"
        case .timedOut(.total): "timeout_total"
        case .timedOut(.write): "timeout_write"
        case .gatewayError: "gateway_error"
        }
    }
}
