import GatewayHTTP
import GatewayHTTP1

/// How a client asked the trusted proxy that came first, where one stands before the gateway.
struct ForwardedOrigin {
    var isSecure = false
    /// In `request.headers`; empty where no proxy says it.
    var host = ByteRange.empty
}

extension Exchange {
    /// Whether the client used TLS, to the gateway or to a trusted proxy in front of it.
    public var isSecure: Bool {
        if self.client?.scheme.utf8CodeUnitCount == 5 { return true }
        return self.isFromTrustedPeer && self.forwardedOrigin.isSecure
    }

    /// By which the client came, to the gateway or to a trusted proxy before it.
    var clientScheme: StaticString { self.isSecure ? "https" : "http" }

    /// What the client asked, of the gateway or of a trusted proxy before it; in `request.headers`, empty where it did not
    /// say.
    var clientHost: ByteRange {
        guard self.isFromTrustedPeer, !self.forwardedOrigin.host.isEmpty else { return self.request.host }
        return self.forwardedOrigin.host
    }

    /// `X-Forwarded-Proto` and `X-Forwarded-Host`, or else what `Forwarded` says of the client. Of a list the first member
    /// is meant: later proxies add theirs behind it.
    func readForwardedOrigin(_ element: ForwardedElement?) {
        var origin = ForwardedOrigin()
        if let scheme = self.firstMember(of: .xForwardedProto) {
            origin.isSecure = self.request.headers.equals(scheme, "https")
        } else {
            origin.isSecure = element?.scheme == "https"
        }
        if let host = self.firstMember(of: .xForwardedHost) {
            origin.host = host
        } else if let host = element?.host {
            origin.host = self.request.headers.store(room: host.utf8.count) { $0.write(Array(host.utf8)) }
        }
        // It goes into URLs.
        if !self.request.headers.withBytes(origin.host, ByteClass.isAuthority) { origin.host = .empty }
        self.forwardedOrigin = origin
    }

    private func firstMember(of id: FieldID) -> ByteRange? {
        guard let value = self.request.headers.first(id) else { return nil }
        let count = self.request.headers.withBytes(value) { value in
            var end = value.firstIndex(of: UInt8(ascii: ",")) ?? value.count
            while end > 0, value[end - 1] == 0x20 || value[end - 1] == 0x09 { end -= 1 }
            return end
        }
        return ByteRange(offset: value.offset, count: count)
    }
}
