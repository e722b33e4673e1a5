import GatewayHTTP
import GatewayHTTP1

/// What one proxy reports about a request that it forwarded: an element of `Forwarded` (RFC 7239 section 4), or a
/// member of `X-Forwarded-For`.
package struct ForwardedElement: Equatable {
    /// The client of the proxy, as the proxy wrote it; empty if it reports none.
    var node = ""
    /// The scheme that the client used, in lower case, or nil if the proxy does not report it.
    var scheme: String?
    var host: String?

    /// The client's address without a port, or nil for `unknown`, an obfuscated identifier (RFC 7239 section 6) or an
    /// invalid address.
    var address: ClientAddress? {
        if self.node.hasPrefix("[") { return Self.address(self.node.dropFirst().prefix { $0 != "]" }) }
        let colons = self.node.utf8.filter { $0 == UInt8(ascii: ":") }.count
        return Self.address(colons == 1 ? self.node.prefix { $0 != ":" } : self.node[...])
    }

    private static func address(_ text: Substring) -> ClientAddress? { IPAddress(text).map { ClientAddress($0) } }

    /// Returns the elements of `X-Forwarded-For`, or else of `Forwarded`, in the order of the proxies.
    static func all(in headers: borrowing HeaderBlock) -> [ForwardedElement] {
        var elements: [ForwardedElement] = []
        headers.forEachMember(of: .xForwardedFor) {
            elements.append(ForwardedElement(node: String(decoding: $0, as: UTF8.self)))
        }
        guard elements.isEmpty, headers.present.contains(.forwarded) else { return elements }
        for field in headers.fields where field.id == .forwarded {
            // Parse each line separately, because a quoted string does not continue on the next line. Elements before a
            // malformed line cannot be attributed to a proxy.
            elements =
                headers.withBytes(field.value) { ForwardedParser.elements(of: $0) }.map { elements + $0 }
                ?? [ForwardedElement()]
        }
        return elements
    }

    /// Removes the lines of `Forwarded` that the gateway ignores, so that no upstream trusts them: malformed lines,
    /// and all lines if `X-Forwarded-For` is present. A proxy that writes only one of the two fields forwards what
    /// its client forged in the other.
    static func removeUnread(from headers: inout HeaderBlock) {
        guard headers.present.contains(.forwarded) else { return }
        if headers.contains(.xForwardedFor) { return headers.remove(.forwarded) }
        headers.removeAll { block, field in
            field.id == .forwarded && block.withBytes(field.value) { ForwardedParser.elements(of: $0) } == nil
        }
    }
}
