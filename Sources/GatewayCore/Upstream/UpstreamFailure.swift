import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Why an upstream failed a request, in the words of the log and of `/upstreams`.
package enum UpstreamFailure: String, Sendable, CaseIterable {
    /// No connection: it was refused, or there is no way to the address.
    case refused
    /// The target's name has no address.
    case dns
    /// The connection ended before the answer did.
    case reset
    /// No connection, no answer, or no further byte of one in time.
    case timeout
    /// The answer breaks the protocol.
    case malformed

    package var text: StaticString {
        switch self {
        case .refused: "refused"
        case .dns: "dns"
        case .reset: "reset"
        case .timeout: "timeout"
        case .malformed: "malformed"
        }
    }
}

/// Why a connection could not be made: for the client, the log, the meters and the endpoint's health.
struct ConnectFailure {
    package let error: GatewayError
    package let result: TargetMeters.ConnectResult
    /// Nil where the gateway itself lacks something, such as a file descriptor. That says nothing about the endpoint.
    package var failure: UpstreamFailure? { self.error.failure }

    package init(_ cause: any Error) {
        var error = GatewayError(.upstreamUnreachable, reason: "\(cause)")
        switch cause {
        case ChannelError.connectTimeout:
            error = .connectTimeout(reason: "\(cause)")
            self.result = .timeout
        case let system as IOError:
            switch system.errnoCode {
            case ECONNREFUSED:
                error.failure = .refused
                error.proxyStatus = "connection_refused"
                self.result = .refused
            case ETIMEDOUT:
                error = .connectTimeout(reason: "\(cause)")
                self.result = .timeout
            case ECONNRESET, ECONNABORTED, EPIPE:
                error.failure = .reset
                self.result = .error
            case EMFILE, ENFILE, ENOBUFS, ENOMEM, EADDRNOTAVAIL, EADDRINUSE: self.result = .error
            default:
                error.failure = .refused
                self.result = .error
            }
        case ChannelError.ioOnClosedChannel, ChannelError.alreadyClosed, ChannelError.inputClosed, ChannelError.eof:
            error.failure = .reset
            self.result = .error
        default: self.result = .error
        }
        self.error = error
    }
}

extension GatewayError {
    package static func connectTimeout(reason: String? = nil) -> GatewayError {
        var error = GatewayError(.connectTimeout, reason: reason)
        error.failure = .timeout
        return error
    }

    /// The target's name had no address in time.
    static var lookUpTimeout: GatewayError {
        var error = GatewayError(.connectTimeout, reason: "the name has not been looked up yet")
        error.failure = .dns
        error.proxyStatus = "dns_timeout"
        return error
    }

    /// No answer, or no further byte of one, in time.
    package static var upstreamTimeout: GatewayError {
        var error = GatewayError(.upstreamTimeout)
        error.failure = .timeout
        return error
    }

    /// The target's name has no address.
    static func unresolved(reason: String?) -> GatewayError {
        var error = GatewayError(.upstreamUnreachable, reason: reason)
        error.failure = .dns
        error.proxyStatus = "dns_error"
        return error
    }

    /// The connection ended before the answer did.
    static func upstreamReset(reason: String) -> GatewayError {
        var error = GatewayError(.upstreamReset, reason: reason)
        error.failure = .reset
        return error
    }

    /// The answer breaks the protocol.
    static func malformedAnswer(reason: String) -> GatewayError {
        var error = GatewayError(.upstreamInvalidResponse, reason: reason)
        error.failure = .malformed
        return error
    }
}
