import GatewayHTTP1

/// What one proxy has said of a request that it passed on: an element of `Forwarded` (RFC 7239 section 4), or a member of
/// `X-Forwarded-For`.
struct ForwardedElement {
    /// Whom the proxy served, as it writes it; empty where it keeps that to itself.
    private(set) var node = ""
    /// How it was asked, as far as it says so.
    private(set) var scheme: String?
    private(set) var host: String?

    /// A member of `X-Forwarded-For`.
    init(node: String) { self.node = node }

    init(_ element: String) {
        for pair in element.split(separator: ";") {
            let parts = pair.split(separator: "=", maxSplits: 1)
            guard parts.count == 2 else { continue }
            let value = parts[1].filter { $0 != "\"" && Self.isNoSpace($0) }
            switch parts[0].filter(Self.isNoSpace).lowercased() {
            case "for" where self.node.isEmpty: self.node = value
            case "proto" where self.scheme == nil: self.scheme = value.lowercased()
            case "host" where self.host == nil: self.host = value
            default: break
            }
        }
    }

    /// Without a port; nil for `unknown`, for a name of the proxy's own (section 6) and for nonsense.
    var address: ClientAddress? {
        if self.node.hasPrefix("[") { return Self.address(self.node.dropFirst().prefix { $0 != "]" }) }
        let colons = self.node.utf8.filter { $0 == UInt8(ascii: ":") }.count
        return Self.address(colons == 1 ? self.node.prefix { $0 != ":" } : self.node[...])
    }

    private static func address(_ text: Substring) -> ClientAddress? { IPAddress(text).map { ClientAddress($0) } }

    private static func isNoSpace(_ character: Character) -> Bool { character != " " && character != "\t" }
}
