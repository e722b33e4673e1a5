import GatewayHTTP

/// The URL of a stored response in the form in which purges and invalidations compare it: `//host:port/path?query`.
///
/// The scheme is left out, since a URL stands for its responses over both. The host is in small letters, a default port is
/// left out, and the path is normalized as routing does it. In the query, what is escaped without need is not. Responses that
/// all hosts share have no host: `///path?query`.
package struct CacheURL: Hashable, Sendable {
    package let text: String

    /// Creates the URL of a request.
    ///
    /// - Parameters:
    ///   - isSecure: Whether the scheme is `https`, whose default port is another.
    ///   - authority: The host, and the port if the client named one. Empty: all hosts share the response.
    ///   - path: Normalized.
    ///   - query: Without the question mark.
    package init(
        isSecure: Bool,
        authority: UnsafeRawBufferPointer,
        path: UnsafeRawBufferPointer,
        query: UnsafeRawBufferPointer
    ) {
        var text: [UInt8] = []
        text.reserveCapacity(authority.count + path.count + query.count + 3)
        Self.write(authority, isSecure: isSecure, into: &text)
        text += path
        if !query.isEmpty {
            text.append(UInt8(ascii: "?"))
            text += Self.unescaped(query)
        }
        self.text = String(decoding: text, as: UTF8.self)
    }

    /// Reads an absolute URL: `https://www.example.com/popular?page=1`. Nil if it is none, or not of HTTP.
    package init?(absolute url: String) {
        guard let parts = Parts(Array(url.utf8)) else { return nil }
        var text: [UInt8] = []
        parts.authority.withUnsafeBytes { Self.write($0, isSecure: parts.isSecure, into: &text) }
        guard let path = Self.normalized(parts.path) else { return nil }
        self.text = String(decoding: text + path + parts.query.withUnsafeBytes(Self.unescaped), as: UTF8.self)
    }

    /// Reads how absolute URLs begin: `https://www.example.com/images/`. Nil if none can begin so.
    package static func prefix(_ text: String) -> String? {
        let bytes = Array(text.utf8)
        guard let parts = Parts(bytes) else { return nil }
        // A port or a host that may go on is not changed.
        let hasPath = !parts.path.isEmpty || !parts.query.isEmpty
        var prefix: [UInt8] = []
        if hasPath {
            parts.authority.withUnsafeBytes { self.write($0, isSecure: parts.isSecure, into: &prefix) }
        } else {
            prefix = Array("//".utf8) + parts.authority.map(Self.lowercased)
        }
        return String(decoding: prefix + (parts.path + parts.query).withUnsafeBytes(Self.unescaped), as: UTF8.self)
    }

    /// Resolves a reference in `Location` or `Content-Location` (RFC 3986 section 5.2). Nil if it is at another origin.
    ///
    /// - Parameter isSecure: Whether the request came over TLS.
    package func resolving(_ reference: [UInt8], isSecure: Bool) -> CacheURL? {
        let reference = Array(reference.prefix { $0 != UInt8(ascii: "#") })
        let colon = reference.firstIndex { ":/?".utf8.contains($0) }
        if let colon, reference[colon] == UInt8(ascii: ":") {
            return self.sameOrigin(CacheURL(absolute: String(decoding: reference, as: UTF8.self)))
        }
        if reference.starts(with: "//".utf8) {
            let scheme = isSecure ? "https:" : "http:"
            return self.sameOrigin(CacheURL(absolute: scheme + String(decoding: reference, as: UTF8.self)))
        }
        let own = Array(self.text.utf8)
        let (authority, path) = self.split(own)
        let query = reference.drop { $0 != UInt8(ascii: "?") }
        let target = reference.prefix { $0 != UInt8(ascii: "?") }
        var whole: [UInt8]
        switch target.first {
        // An empty reference keeps the query too.
        case nil where query.isEmpty: return self
        case nil: whole = Array(path)
        case UInt8(ascii: "/"): whole = Array(target)
        default: whole = Array(path[...(path.lastIndex(of: UInt8(ascii: "/")) ?? path.startIndex)]) + target
        }
        guard let normal = Self.normalized(whole) else { return nil }
        whole = Array(authority) + normal + (query.count > 1 ? Array(query).withUnsafeBytes(Self.unescaped) : [])
        return CacheURL(text: String(decoding: whole, as: UTF8.self))
    }

    /// Returns the URL with the query that counts on a route. Nil if it is the same.
    package func applying(_ rules: QueryRules) -> CacheURL? {
        guard let mark = self.text.utf8.firstIndex(of: UInt8(ascii: "?")) else { return nil }
        let query = Array(self.text.utf8[mark...].dropFirst())
        guard let new = query.withUnsafeBytes(rules.applied) else { return nil }
        let rest = new.isEmpty ? "" : "?" + String(decoding: new, as: UTF8.self)
        return CacheURL(text: self.text[..<mark] + rest)
    }

    /// The URL of the responses that all hosts share. Of a prefix that ends within the host: how all of them begin.
    package var withoutHost: CacheURL {
        let target = self.text.utf8.dropFirst(2).drop { !"/?".utf8.contains($0) }
        return CacheURL(text: target.isEmpty ? "///" : "//" + String(Substring(target)))
    }

    /// - Parameter text: In the form of ``text``.
    package init(text: some StringProtocol) { self.text = String(text) }

    private func sameOrigin(_ other: CacheURL?) -> CacheURL? {
        guard let other else { return nil }
        let (own, theirs) = (Array(self.text.utf8), Array(other.text.utf8))
        return self.split(own).authority == self.split(theirs).authority ? other : nil
    }

    /// The authority with the slashes before it, and the path.
    private func split(_ text: [UInt8]) -> (authority: ArraySlice<UInt8>, path: ArraySlice<UInt8>) {
        let start = text.dropFirst(2).firstIndex(of: UInt8(ascii: "/")) ?? text.endIndex
        return (text[..<start], text[start...].prefix { $0 != UInt8(ascii: "?") })
    }

    private struct Parts {
        var isSecure: Bool
        var authority: [UInt8]
        var path: [UInt8]
        /// With the question mark; empty if there is none.
        var query: [UInt8]

        init?(_ url: [UInt8]) {
            let url = url.prefix { $0 != UInt8(ascii: "#") }
            guard let colon = url.firstIndex(of: UInt8(ascii: ":")), url[colon...].starts(with: "://".utf8) else {
                return nil
            }
            switch String(decoding: url[..<colon], as: UTF8.self).lowercased() {
            case "http": self.isSecure = false
            case "https": self.isSecure = true
            default: return nil
            }
            let rest = url[(colon + 3)...]
            let authority = rest.prefix { !"/?".utf8.contains($0) }
            guard !authority.isEmpty, !authority.contains(UInt8(ascii: "@")),
                authority.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
            else { return nil }
            self.authority = Array(authority)
            let target = rest[authority.endIndex...]
            self.path = Array(target.prefix { $0 != UInt8(ascii: "?") })
            self.query = Array(target.drop { $0 != UInt8(ascii: "?") })
            if self.query.count == 1 { self.query = [] }
        }
    }

    private static func write(_ authority: UnsafeRawBufferPointer, isSecure: Bool, into text: inout [UInt8]) {
        text += "//".utf8
        let port = isSecure ? ":443" : ":80"
        let isDefault = authority.count > port.utf8.count && authority.suffix(port.utf8.count).elementsEqual(port.utf8)
        let rest = isDefault ? authority.dropLast(port.utf8.count) : authority[...]
        // `host:` names no port.
        let host = rest.last == UInt8(ascii: ":") ? rest.dropLast() : rest
        text += host.map(self.lowercased)
    }

    private static func normalized(_ path: [UInt8]) -> [UInt8]? {
        if path.isEmpty { return [UInt8(ascii: "/")] }
        var normal: [UInt8] = []
        switch path.withUnsafeBytes({ PathNormalizer.normalize($0, into: &normal) }) {
        case .unchanged: return path
        case .rewritten: return normal
        case .invalid: return nil
        }
    }

    /// Decodes escaped unreserved characters, and converts the other hexadecimal digits to capitals (RFC 3986 section
    /// 6.2.2). What is not complete stays.
    private static func unescaped(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        guard bytes.contains(UInt8(ascii: "%")) else { return Array(bytes) }
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            guard bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count,
                let high = self.hexadecimal(bytes[index + 1]), let low = self.hexadecimal(bytes[index + 2])
            else {
                result.append(bytes[index])
                index += 1
                continue
            }
            let byte = high << 4 | low
            if byte.isASCIILetter || ByteClass.isDigit(byte) || "-._~".utf8.contains(byte) {
                result.append(byte)
            } else {
                result.append(UInt8(ascii: "%"))
                for digit in bytes[index + 1...index + 2] { result.append(digit >= 0x61 ? digit & 0xDF : digit) }
            }
            index += 3
        }
        return result
    }

    private static func hexadecimal(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: nil
        }
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }
}
