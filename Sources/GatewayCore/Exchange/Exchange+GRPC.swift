package import GatewayHTTP
import GatewayHTTP1

/// How a gRPC call ended.
extension Exchange {
    /// The status of the call, from the head or the trailers of the response, or from the reason why it was broken off.
    /// Nil if it is unknown: the response has none, one that gRPC does not define, or it is in the body (gRPC-Web).
    package func grpcStatus(_ outcome: Outcome) -> GRPCStatus? {
        if case .clientGone = outcome { return .cancelled }
        if self.firstByteAt != nil {
            if let status = self.response.headers.grpcStatus { return status }
            if let status = self.responseBody.trailers?.fields.grpcStatus { return status }
        }
        return switch outcome {
        case .complete: nil
        case .clientGone: .cancelled
        case .upstreamReset: .unavailable
        case .timedOut: .deadlineExceeded
        case .gatewayError: .internal
        }
    }

    /// Whether the gateway or the upstream failed: by the status of the response, and by that of a gRPC call.
    package func hasFailed(_ outcome: Outcome) -> Bool {
        if outcome.isFailure || self.firstByteAt != nil && self.response.status >= 500 { return true }
        return self.isGRPC && self.grpcStatus(outcome)?.isServerError == true
    }
}
