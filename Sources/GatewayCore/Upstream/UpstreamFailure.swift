import GatewayHTTP2
import GatewayTLS
import NIOCore
import NIOPosix
import NIOSSL

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Why an upstream failed a request, as shown in the log and in `/upstreams`.
package enum UpstreamFailure: String, Sendable, CaseIterable {
    /// No connection: it was refused, or there is no route to the address.
    case refused
    /// The target's name has no address.
    case dns
    /// The connection ended before the response was complete.
    case reset
    /// The connection, the response or the next bytes of the response did not arrive in time.
    case timeout
    /// The response violates the protocol.
    case malformed
    /// The TLS handshake failed.
    case tls

    package var text: StaticString {
        switch self {
        case .refused: "refused"
        case .dns: "dns"
        case .reset: "reset"
        case .timeout: "timeout"
        case .malformed: "malformed"
        case .tls: "tls"
        }
    }
}

/// Why a connection could not be opened: for the client, the log, the metrics and the endpoint's health.
struct ConnectFailure {
    let error: GatewayError
    let result: TargetMeters.ConnectResult
    /// Nil if the failure says nothing about the endpoint.
    var failure: UpstreamFailure? { self.error.failure }
    /// What the log says beside the reason.
    var detail: String? { self.failure == .tls ? self.error.reason : nil }
    /// Whether the gateway itself lacks resources, such as file descriptors.
    private(set) var isLackOfResources = false

    init(_ cause: any Error) {
        var error = GatewayError(.upstreamUnreachable, reason: "\(cause)")
        switch cause {
        case NIOSSLError.uncleanShutdown:
            error.failure = .reset
            self.result = .error
        case is TLSFailure, is BoringSSLError, is NIOSSLError:
            if !(cause is TLSFailure) { error.reason = TLSFailure(cause).description }
            error.failure = .tls
            error.proxyStatus = "tls_protocol_error"
            self.result = .tls
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
            case EMFILE, ENFILE, ENOBUFS, ENOMEM, EADDRNOTAVAIL, EADDRINUSE:
                self.isLackOfResources = true
                self.result = .error
            default:
                error.failure = .refused
                self.result = .error
            }
        case ChannelError.ioOnClosedChannel, ChannelError.alreadyClosed, ChannelError.inputClosed, ChannelError.eof:
            error.failure = .reset
            self.result = .error
        case is HTTP2ConnectionError:
            error.failure = .malformed
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

    /// The target's name was not resolved in time.
    static var lookUpTimeout: GatewayError {
        var error = GatewayError(.connectTimeout, reason: "the name has not been looked up yet")
        error.failure = .dns
        error.proxyStatus = "dns_timeout"
        return error
    }

    /// The response, or the next bytes of it, did not arrive in time.
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

    /// The connection ended before the response was complete.
    static func upstreamReset(reason: String) -> GatewayError {
        var error = GatewayError(.upstreamReset, reason: reason)
        error.failure = .reset
        return error
    }

    /// The response violates the protocol.
    static func malformedAnswer(reason: String) -> GatewayError {
        var error = GatewayError(.upstreamInvalidResponse, reason: reason)
        error.failure = .malformed
        return error
    }
}
