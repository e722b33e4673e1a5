import GatewayHTTP
import GatewayHTTP1
import GatewaySettings
import NIOCore

/// Rewrites `Location` (RFC 9110 section 10.2.2) and `Content-Location` (RFC 9110 section 8.7), so that references to
/// the upstream lead the client back through the gateway.
///
/// An upstream behind `strip_prefix` does not know the prefix, so its absolute paths get the prefix back unless they
/// already begin with it. A URL at the target's origin gets the scheme and host that the client used. If the client's
/// `Host` was forwarded, so does a URL at that host. The effect of `rewrite` on a path cannot be undone.
enum LocationRewriter {
    private static let fields: FieldSet = [.location, .contentLocation]

    static func rewrite(_ exchange: Exchange) {
        guard exchange.response.headers.present.intersects(self.fields) else { return }
        for id in [FieldID.location, .contentLocation] {
            guard let range = exchange.response.headers.first(id) else { continue }
            let value = exchange.response.headers.withBytes(range) { Array($0) }
            guard let new = self.reference(value[...], of: exchange), new != value else { continue }
            exchange.response.headers.remove(id)
            exchange.response.headers.add(HeaderName(id), new)
        }
    }

    /// Returns the reference for the client, or nil if it does not change.
    private static func reference(_ value: ArraySlice<UInt8>, of exchange: Exchange) -> [UInt8]? {
        let prefix = self.prefix(of: exchange)
        if let (origin, rest) = self.origin(of: value, exchange) {
            return origin + self.path(rest, under: prefix, hasOrigin: true)
        }
        guard !prefix.isEmpty else { return nil }
        if value.first == UInt8(ascii: "/") {
            // `//host` names another origin.
            return value.dropFirst().first == UInt8(ascii: "/") ? nil : self.path(value, under: prefix)
        }
        return self.resolved(value, under: prefix, exchange)
    }

    /// Returns the prefix that was stripped from the request's path, or an empty array.
    private static func prefix(of exchange: Exchange) -> [UInt8] {
        let prefix = exchange.plan.forwarding.stripPrefix
        guard !prefix.bytes.isEmpty, exchange.request.headers.withBytes(exchange.path, prefix.strippedLength) > 0 else {
            return []
        }
        return prefix.bytes
    }

    // MARK: Origins

    /// Returns the client's origin and the rest of the reference, if the reference names an origin of the gateway or
    /// target.
    private static func origin(
        of value: ArraySlice<UInt8>,
        _ exchange: Exchange
    ) -> (origin: [UInt8], rest: ArraySlice<UInt8>)? {
        guard let scheme = Scheme(beginning: value) else { return nil }
        let authority = value.dropFirst(scheme.count).prefix { !Self.endsAuthority($0) }
        let rest = value[authority.endIndex...]
        let client = exchange.request.headers.withBytes(exchange.clientHost) { Array($0) }
        guard !client.isEmpty else { return self.targetNames(scheme, authority, exchange) ? ([], rest) : nil }
        if self.targetNames(scheme, authority, exchange) {
            return (Array("\(exchange.clientScheme)://".utf8) + client, rest)
        }
        guard exchange.plan.forwarding.preserveHost.applies(to: exchange.target),
            self.isAskedFor(scheme, authority, exchange)
        else { return nil }
        // An upstream reached over plain HTTP may not know that the client uses TLS. An upstream that names https does.
        switch scheme {
        case .none: return (Array("//".utf8) + client, rest)
        case .http: return (Array("\(exchange.clientScheme)://".utf8) + client, rest)
        case .https: return (Array("https://".utf8) + client, rest)
        }
    }

    private static func endsAuthority(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "/") || byte == UInt8(ascii: "?") || byte == UInt8(ascii: "#")
    }

    private enum Scheme {
        /// `//host`
        case none
        case http, https

        /// Creates the scheme of a reference with an authority. Returns nil if the reference has no authority.
        init?(beginning value: ArraySlice<UInt8>) {
            let schemes: [(Scheme, StaticString)] = [(.none, "//"), (.http, "http://"), (.https, "https://")]
            let found = schemes.first { _, text in
                value.prefix(text.utf8CodeUnitCount).withUnsafeBytes {
                    ByteClass.equalsIgnoringCase($0, UnsafeRawBufferPointer(text))
                }
            }
            guard let found else { return nil }
            self = found.0
        }

        /// The length in bytes, including the slashes.
        var count: Int {
            switch self {
            case .none: 2
            case .http: 7
            case .https: 8
            }
        }
    }

    // MARK: Paths

    /// Returns an upstream path, with its query and fragment, as the client has to request it.
    private static func path(
        _ reference: ArraySlice<UInt8>,
        under prefix: [UInt8],
        hasOrigin: Bool = false
    ) -> [UInt8] {
        let path = reference.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
        let rest = reference[path.endIndex...]
        guard !prefix.isEmpty else { return (hasOrigin && path.isEmpty ? [UInt8(ascii: "/")] : Array(path)) + rest }
        let resolved = self.withoutDotSegments(path)
        let isUnderPrefix =
            resolved.starts(with: prefix)
            && (resolved.count == prefix.count || resolved[prefix.count] == UInt8(ascii: "/"))
        return (isUnderPrefix ? resolved : prefix + resolved) + rest
    }

    /// Returns the absolute form of a relative path, or nil if it can stay relative. A relative path resolves against
    /// the request's path, so it usually refers to the same resource with and without the prefix. The exceptions are
    /// paths with `..` and requests whose path was only the prefix.
    private static func resolved(
        _ reference: ArraySlice<UInt8>,
        under prefix: [UInt8],
        _ exchange: Exchange
    ) -> [UInt8]? {
        let path = reference.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
        // A colon in the first segment ends a scheme (RFC 3986 section 4.2).
        guard !path.isEmpty, !path.prefix(while: { $0 != UInt8(ascii: "/") }).contains(UInt8(ascii: ":")),
            exchange.plan.forwarding.rewrite == nil
        else { return nil }
        let asked = exchange.request.headers.withBytes(exchange.path) { Array($0.dropFirst(prefix.count)) }
        let climbs = path.split(separator: UInt8(ascii: "/")).contains { $0.elementsEqual("..".utf8) }
        guard climbs || asked.isEmpty else { return nil }
        let folder = asked.prefix { _ in true }.reversed().drop { $0 != UInt8(ascii: "/") }.reversed()
        let base = folder.isEmpty ? [UInt8(ascii: "/")] : Array(folder)
        return prefix + self.withoutDotSegments((base + path)[...]) + reference[path.endIndex...]
    }

    /// Returns the path without `.` and `..` segments (RFC 3986 section 5.2.4).
    private static func withoutDotSegments(_ path: ArraySlice<UInt8>) -> [UInt8] {
        let segments = path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).dropFirst()
        guard segments.contains(where: { $0.elementsEqual(".".utf8) || $0.elementsEqual("..".utf8) }) else {
            return Array(path)
        }
        var kept: [ArraySlice<UInt8>] = []
        for (index, segment) in zip(segments.indices, segments) {
            let climbs = segment.elementsEqual("..".utf8)
            if climbs { _ = kept.popLast() }
            if !climbs, !segment.elementsEqual(".".utf8) {
                kept.append(segment)
            } else if index == segments.endIndex - 1 {
                kept.append([])
            }
        }
        return kept.reduce(into: []) { $0 += [UInt8(ascii: "/")] + $1 }
    }

    // MARK: Authorities

    private static func targetNames(
        _ scheme: Scheme,
        _ authority: ArraySlice<UInt8>,
        _ exchange: Exchange
    ) -> Bool {
        guard let target = exchange.target, scheme == .none || (scheme == .https) == target.isSecure else {
            return false
        }
        return target.authorities.contains { name in
            authority.withUnsafeBytes { authority in
                name.withUnsafeBytes { ByteClass.equalsIgnoringCase(authority, $0) }
            }
        }
    }

    /// Returns whether the authority is that of the request's `Host`, or the one that a trusted proxy reports for the
    /// client.
    private static func isAskedFor(
        _ scheme: Scheme,
        _ authority: ArraySlice<UInt8>,
        _ exchange: Exchange
    ) -> Bool {
        let isSecure = scheme == .none ? exchange.isSecure : scheme == .https
        for host in [exchange.request.host, exchange.clientHost] where !host.isEmpty {
            let isSame = exchange.request.headers.withBytes(host) { host in
                authority.withUnsafeBytes { authority in
                    ByteClass.equalsIgnoringCase(
                        self.withoutDefaultPort(authority, isSecure: isSecure),
                        self.withoutDefaultPort(host, isSecure: isSecure)
                    )
                }
            }
            if isSame { return true }
        }
        return false
    }

    private static func withoutDefaultPort(_ authority: UnsafeRawBufferPointer, isSecure: Bool)
        -> UnsafeRawBufferPointer
    {
        let port: StaticString = isSecure ? ":443" : ":80"
        guard authority.count > port.utf8CodeUnitCount else { return authority }
        let rest = authority.count - port.utf8CodeUnitCount
        guard authority[rest...].elementsEqual(UnsafeRawBufferPointer(port)) else { return authority }
        return UnsafeRawBufferPointer(rebasing: authority[..<rest])
    }
}
