import GatewayHTTP

/// Resolves names that the machine knows without a name server.
enum HostsFile {
    /// Returns the addresses of a name in the text of a hosts file, or nil if the file does not contain the name.
    ///
    /// - Parameter name: The name in lower case, without a trailing dot.
    static func addresses(of name: String, in text: some Collection<UInt8>) -> [IPAddress]? {
        let name = Array(name.utf8)
        var found: [IPAddress]?
        for line in text.split(separator: UInt8(ascii: "\n")) {
            let entry = line.prefix { $0 != UInt8(ascii: "#") }
            let words = entry.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: "\r") }
            guard let first = words.first, words.dropFirst().contains(where: { Self.matches($0, name) }) else {
                continue
            }
            guard let address = IPAddress(String(decoding: first, as: UTF8.self)) else { continue }
            found = (found ?? []) + [address]
        }
        return found
    }

    /// Returns whether a name always refers to this machine (RFC 6761 section 6.3).
    static func isLocalhost(_ name: String) -> Bool { name == "localhost" || name.hasSuffix(".localhost") }

    static let loopback = [IPAddress(ipv4: 0x7F00_0001), IPAddress(ipv6High: 0, low: 1)]

    private static func matches(_ word: some Collection<UInt8>, _ name: [UInt8]) -> Bool {
        word.count == name.count
            && zip(word, name).allSatisfy { ((0x41...0x5A).contains($0) ? $0 | 0x20 : $0) == $1 }
    }
}
