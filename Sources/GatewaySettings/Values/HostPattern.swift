import GatewayHTTP

/// A validated entry of a route's hosts.
package enum HostPattern: Sendable, Hashable {
    case any
    case exact(String)
    /// `*.a`, stored as `.a`. Matches one or more labels before the suffix.
    case suffix(String)

    package struct ParseError: Error, Equatable {
        package var message: String
    }

    package init(_ text: String) throws(ParseError) {
        if text == "*" {
            self = .any
            return
        }
        var name = text.lowercased()
        // The colons of an IPv6 literal without brackets do not separate a port.
        if !name.hasPrefix("["), name.utf8.count(where: { $0 == UInt8(ascii: ":") }) > 1 { name = "[\(name)]" }
        let bytes = Array(name.utf8)
        let length = bytes.withUnsafeBytes { Self.significantLength(of: $0) }
        var port = bytes[length...]
        if port.first == UInt8(ascii: ".") { port.removeFirst() }
        let hasPort = port.count > 1 && port.first == UInt8(ascii: ":") && port.dropFirst().allSatisfy(Self.isDigit)
        guard port.isEmpty || hasPort else { throw Self.noHost(text) }
        name = String(decoding: bytes[..<length], as: UTF8.self)
        let isWildcard = name.hasPrefix("*.")
        let labels = isWildcard ? String(name.dropFirst(2)) : name
        guard Self.isHost(labels) else { throw Self.noHost(text) }
        self = isWildcard ? .suffix("." + labels) : .exact(name)
    }

    private static func noHost(_ text: String) -> ParseError {
        ParseError(
            message: "'\(text)' is no host: write a name (international ones in their xn-- form), "
                + "'*.' and a name, or an IP address."
        )
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }

    private static func isHost(_ text: String) -> Bool {
        if text.hasPrefix("[") {
            return text.hasSuffix("]") && Array(text.utf8).withUnsafeBytes { ByteClass.isAuthority($0) }
        }
        return text.utf8.count <= 253 && !text.isEmpty
            && text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
                !label.isEmpty && label.utf8.count <= 63
                    && label.utf8.allSatisfy { byte in
                        switch byte {
                        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                            UInt8(ascii: "-"), UInt8(ascii: "_"):
                            true
                        default: false
                        }
                    }
            }
    }

    /// Returns the length of the host without its port and one trailing dot (RFC 9110 section 4.2.3).
    package static func significantLength(of host: UnsafeRawBufferPointer) -> Int {
        var end = host.count
        if host.first == UInt8(ascii: "[") {
            for index in 0..<end where host[index] == UInt8(ascii: "]") { return index + 1 }
            return end
        }
        for index in 0..<end where host[index] == UInt8(ascii: ":") {
            end = index
            break
        }
        if end > 1, host[end - 1] == UInt8(ascii: ".") { end -= 1 }
        return end
    }

    package func matches(_ host: UnsafeRawBufferPointer) -> Bool {
        let length = Self.significantLength(of: host)
        switch self {
        case .any: return true
        case .exact(let name): return host[..<length].lazy.map(asciiLowercased).elementsEqual(name.utf8)
        case .suffix(let suffix):
            return length > suffix.utf8.count && host.first != UInt8(ascii: ".")
                && host[..<length].lazy.map(asciiLowercased).suffix(suffix.utf8.count).elementsEqual(suffix.utf8)
        }
    }
}
