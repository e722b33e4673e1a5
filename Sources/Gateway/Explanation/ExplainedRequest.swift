import GatewayCore
import GatewayHTTP
import GatewaySettings
import NIOCore

/// A hypothetical request to explain.
package struct ExplainedRequest: Sendable {
    /// The reason why a description is not a valid request.
    package struct Invalid: Error, Hashable, CustomStringConvertible {
        package let description: String
    }

    struct Field: Sendable {
        let name: HeaderName
        let value: [UInt8]
    }

    package let method: String
    package let url: String
    /// The scheme of the URL; nil if it is only a path.
    let scheme: ListenAddress.Scheme?
    /// The host of the URL, without brackets; nil if it is only a path.
    let urlHost: String?
    /// The port of the URL; nil if it has none.
    let port: Int?
    /// The address of the connection's peer.
    package let peer: IPAddress
    /// The header fields as sent by the client, including `Host`.
    let fields: [Field]
    let host: [UInt8]
    /// The path as written, without the query.
    let rawPath: [UInt8]
    /// The query; nil if there is no question mark.
    let query: [UInt8]?

    /// Creates a request.
    ///
    /// - Parameters:
    ///   - url: `http://host/path?query`, or only a path.
    ///   - fields: The header fields. A `Host` field takes precedence over the host in the URL.
    ///   - authority: The host to use if neither the fields nor the URL contain one.
    package init(
        method: String,
        url: String,
        fields: [(name: String, value: String)] = [],
        peer: IPAddress = .loopback,
        authority: String = "localhost"
    ) throws(Invalid) {
        guard ByteClass.isToken(method.utf8) else {
            throw Invalid(description: "\(JSONText.quoted(method)) is not a method: write one such as GET")
        }
        self.method = method
        self.url = url
        self.peer = peer

        let (scheme, named, target) = try Self.split(url)
        let hostAndPort = named.flatMap { HostAndPort.parse($0) }
        self.scheme = scheme
        self.urlHost = hostAndPort?.host
        self.port = hostAndPort?.port
        let end = target.utf8.firstIndex(of: UInt8(ascii: "?")) ?? target.endIndex
        self.rawPath = Array(target[..<end].utf8)
        self.query = end < target.endIndex ? Array(target[end...].utf8.dropFirst()) : nil

        var written: [Field] = []
        var host: String?
        for field in fields {
            guard let name = HeaderName(validating: field.name) else {
                throw Invalid(description: "\(JSONText.quoted(field.name)) is not a header name: write 'Name: value'")
            }
            if name.id == .host { host = field.value }
            written.append(Field(name: name, value: Array(field.value.utf8)))
        }
        self.host = Array((host ?? named ?? authority).utf8)
        if host == nil { written.append(Field(name: HeaderName(.host), value: self.host)) }
        self.fields = written
    }

    /// Returns the scheme and the authority, if any, and the target as it would appear in the request line.
    private static func split(
        _ url: String
    ) throws(Invalid) -> (scheme: ListenAddress.Scheme?, authority: String?, target: Substring) {
        let text = url[..<(url.utf8.firstIndex(of: UInt8(ascii: "#")) ?? url.endIndex)]
        if text.hasPrefix("/") || text == "*" { return (nil, nil, text) }
        let lowercased = text.lowercased()
        let schemes = [ListenAddress.Scheme.http, .https]
        guard let scheme = schemes.first(where: { lowercased.hasPrefix($0.rawValue + "://") }) else {
            throw Invalid(
                description: "\(JSONText.quoted(url)) is not a URL: write \"http://example.com/path\" or \"/path\""
            )
        }
        let rest = text.dropFirst(scheme.rawValue.count + "://".count)
        let end = rest.utf8.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex
        let authority = rest[..<end]
        guard HostAndPort.parse(authority) != nil else {
            throw Invalid(description: "\(JSONText.quoted(url)) has no host: write \"http://example.com/path\"")
        }
        return (scheme, String(authority), rest[end...])
    }

    /// Returns the normalized path that routes match against.
    ///
    /// - Throws: An error if the path is malformed.
    func normalizedPath() throws(GatewayError) -> [UInt8] {
        var normal: [UInt8] = []
        switch self.rawPath.withUnsafeBytes({ PathNormalizer.normalize($0, into: &normal) }) {
        case .unchanged: return self.rawPath
        case .rewritten: return normal
        case .invalid(let reason):
            throw GatewayError(.badRequest, detail: "The path is malformed.", reason: "path: \(reason)")
        }
    }

    /// Calls `body` with the view of the request that routing uses.
    ///
    /// - Parameter path: The normalized path.
    func withView<Value>(path: [UInt8], _ body: (View) -> Value) -> Value {
        Array(self.method.utf8).withUnsafeBytes { method in
            self.host.withUnsafeBytes { host in
                path.withUnsafeBytes { path in
                    (self.query ?? []).withUnsafeBytes { query in
                        body(View(method: method, host: host, path: path, query: query, fields: self.fields))
                    }
                }
            }
        }
    }

    /// The parts of the request that routing uses.
    struct View: RoutedRequest {
        let method: UnsafeRawBufferPointer
        let host: UnsafeRawBufferPointer
        let path: UnsafeRawBufferPointer
        let query: UnsafeRawBufferPointer
        fileprivate let fields: [Field]

        func satisfies(_ condition: HeaderCondition) -> Bool {
            self.fields.contains { field in
                field.name.bytes.withUnsafeBytes { name in
                    field.value.withUnsafeBytes { condition.accepts(name: name, value: $0) }
                }
            }
        }
    }
}

extension IPAddress {
    /// 127.0.0.1.
    package static let loopback = IPAddress(ipv4: 0x7F00_0001)
}
