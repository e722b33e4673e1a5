import GatewayHTTP
import GatewayHTTP1

/// The scheme and host that the client used to reach the first trusted proxy in front of the gateway.
struct ForwardedOrigin {
    var isSecure = false
    /// The host, as a range in `request.headers`; empty if no proxy reports it.
    var host = ByteRange.empty

    init() {}

    /// Reads `X-Forwarded-Proto` and `X-Forwarded-Host`, or else the client's element of `Forwarded`. The first
    /// member of a list applies, because later proxies append theirs.
    init(in headers: inout HeaderBlock, _ element: ForwardedElement?) {
        if let scheme = Self.firstMember(of: .xForwardedProto, in: headers) {
            self.isSecure = headers.equals(scheme, "https")
        } else {
            self.isSecure = element?.scheme == "https"
        }
        if let host = Self.firstMember(of: .xForwardedHost, in: headers) {
            self.host = host
        } else if let host = element?.host {
            self.host = headers.store(room: host.utf8.count) { $0.write(Array(host.utf8)) }
        }
        // The host becomes part of URLs, so it must be a valid authority.
        if !headers.withBytes(self.host, ByteClass.isAuthority) { self.host = .empty }
    }

    private static func firstMember(of id: FieldID, in headers: borrowing HeaderBlock) -> ByteRange? {
        guard let value = headers.first(id) else { return nil }
        let count = headers.withBytes(value) { value in
            var end = value.firstIndex(of: UInt8(ascii: ",")) ?? value.count
            while end > 0, value[end - 1] == 0x20 || value[end - 1] == 0x09 { end -= 1 }
            return end
        }
        return ByteRange(offset: value.offset, count: count)
    }
}
