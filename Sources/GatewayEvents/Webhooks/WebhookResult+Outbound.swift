import GatewayCore
import GatewayHTTP
import GatewaySettings
import NIOCore

extension WebhookResult {
    /// The longest `Retry-After` that counts is a day.
    init(
        _ result: Result<OutboundResponse, OutboundFailure>,
        of settings: WebhookConfiguration,
        duration: TimeAmount
    ) {
        self.init(duration: duration.nanoseconds / 1_000_000)
        switch result {
        case .success(let response):
            self.status = response.status
            self.answer = String(decoding: response.body.readableBytesView, as: UTF8.self)
            self.retryAfter = response.retryAfter
            if (300..<400).contains(response.status) { self.error = "redirects are not followed" }
        case .failure(let failure): self.error = failure.text(for: settings)
        }
    }
}

extension OutboundResponse {
    fileprivate var retryAfter: Int? {
        guard let value = self.head.headers.first(.retryAfter) else { return nil }
        return self.head.headers.withBytes(value) {
            RetryAfter.seconds($0, now: Platform.unixMilliseconds() / 1000).map { Int($0) }
        }
    }
}

extension OutboundFailure {
    /// The failure for people. It repeats nothing of the URL but its host.
    fileprivate func text(for settings: WebhookConfiguration) -> String {
        let host = settings.url.target.hostAndPort?.host ?? ""
        let reason = self.reason.map { ": \($0)" } ?? ""
        return switch self.kind {
        case .dns: "\(host) has no address to connect to\(reason)"
        case .refused: "cannot connect to \(host)"
        case .tls: "the TLS handshake with \(host) failed\(reason)"
        case .reset: "\(host) closed the connection before it responded"
        case .timeout: "\(host) did not respond within \(settings.timeout)"
        case .malformed: "\(host) did not respond with valid HTTP\(reason)"
        case .tooLarge: "the response of \(host) is too large"
        case .overloaded: "too many requests wait for \(host)"
        }
    }
}
