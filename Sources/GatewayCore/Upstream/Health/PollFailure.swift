/// Why a poll failed.
package enum PollFailure: Error, Hashable, Sendable {
    /// The poll did not end in time.
    case timeout
    /// No connection: it was refused, or there is no route to the address.
    case refused
    /// The connection ended before the response was complete.
    case reset
    /// The TLS handshake failed.
    case tls(detail: String)
    /// The status is not one of those expected.
    case status(Int)
    /// The body lacks the expected text.
    case body
    /// gRPC's health service does not say that the service is serving.
    case grpc(detail: String)
    /// The response violates the protocol, or something else went wrong.
    case error
    /// The gateway lacks resources for a connection, such as file descriptors. This says nothing about the target.
    case lacksResources

    /// The value of the metric's label `result`.
    var result: String {
        switch self {
        case .timeout: "timeout"
        case .refused: "refused"
        case .reset: "reset"
        case .tls: "tls"
        case .status: "status"
        case .body: "body"
        case .grpc: "grpc"
        case .error, .lacksResources: "error"
        }
    }

    /// The reason as shown in the log, in events and by the admin API. Its first word is ``result``.
    package var reason: String {
        if case .status(let status) = self { "status \(status)" } else { self.result }
    }

    /// Further text for the log.
    var detail: String? {
        switch self {
        case .tls(let detail), .grpc(let detail): detail
        default: nil
        }
    }

    /// Whether the failure counts against the target.
    var concernsTarget: Bool { self != .lacksResources }

    init(_ failure: ConnectFailure) {
        switch failure.failure {
        case .refused: self = .refused
        case .timeout: self = .timeout
        case .reset: self = .reset
        case .tls: self = .tls(detail: failure.detail ?? "")
        case .dns, .malformed: self = .error
        case nil: self = failure.isLackOfResources ? .lacksResources : .error
        }
    }
}
