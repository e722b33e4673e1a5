package import GatewayHTTP
import GatewayHTTP1

/// What one proxy has said of a request that it passed on: an element of `Forwarded` (RFC 7239 section 4), or a member of
/// `X-Forwarded-For`.
package struct ForwardedElement: Equatable {
    /// Whom the proxy served, as it writes it; empty where it does not say.
    package var node = ""
    /// How it was asked, as far as it says so; the scheme in lower case.
    package var scheme: String?
    package var host: String?

    /// The client's address without a port; nil for `unknown`, for a made-up name (RFC 7239 section 6) and for nonsense.
    package var address: ClientAddress? {
        if self.node.hasPrefix("[") { return Self.address(self.node.dropFirst().prefix { $0 != "]" }) }
        let colons = self.node.utf8.filter { $0 == UInt8(ascii: ":") }.count
        return Self.address(colons == 1 ? self.node.prefix { $0 != ":" } : self.node[...])
    }

    private static func address(_ text: Substring) -> ClientAddress? { IPAddress(text).map { ClientAddress($0) } }

    /// What `X-Forwarded-For`, or else `Forwarded`, says, in the order of the proxies.
    package static func all(in headers: borrowing HeaderBlock) -> [ForwardedElement] {
        var elements: [ForwardedElement] = []
        headers.forEachMember(of: .xForwardedFor) {
            elements.append(ForwardedElement(node: String(decoding: $0, as: UTF8.self)))
        }
        guard elements.isEmpty, headers.present.contains(.forwarded) else { return elements }
        for field in headers.fields where field.id == .forwarded {
            // Each line separately: a quoted string does not continue in the next one. What stands left of a malformed line
            // cannot be attributed to any proxy.
            elements =
                headers.withBytes(field.value) { ForwardedParser.elements(of: $0) }.map { elements + $0 }
                ?? [ForwardedElement()]
        }
        return elements
    }

    /// Removes the lines of `Forwarded` that did not count, so that no upstream believes them: malformed ones, and all of them
    /// beside `X-Forwarded-For`, since a proxy that writes one of the two passes on what its client made up in the other.
    static func removeUnread(from headers: inout HeaderBlock) {
        guard headers.present.contains(.forwarded) else { return }
        if headers.contains(.xForwardedFor) { return headers.remove(.forwarded) }
        headers.removeAll { block, field in
            field.id == .forwarded && block.withBytes(field.value) { ForwardedParser.elements(of: $0) } == nil
        }
    }
}
