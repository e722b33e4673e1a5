import GatewayHTTP1
import NIOCore

/// A `Location` that names the target's own origin would send the client past the gateway: it gets the scheme and host
/// that the client used, with a stripped prefix put back.
enum LocationRewriter {
    private static let location = HeaderName(.location)

    static func rewrite(_ location: ByteRange, of exchange: Exchange) {
        let prefix = exchange.plan.forwarding.stripPrefix.bytes
        let kind = exchange.response.headers.withBytes(location) { self.kind(of: $0, target: exchange.target) }
        let path: Int
        switch kind {
        case .elsewhere: return
        case .ownPath:
            guard !prefix.isEmpty else { return }
            path = 0
        case .ownOrigin(let length): path = length
        }
        let value = exchange.response.headers.withBytes(location) { Array($0.dropFirst(path)) }
        let host = exchange.request.headers.withBytes(exchange.clientHost) { Array($0) }
        exchange.response.headers.remove(.location)
        exchange.response.headers.add(self.location) { output in
            if path > 0, !host.isEmpty {
                output.write(exchange.clientScheme)
                output.write("://")
                output.write(host)
            }
            output.write(prefix)
            if prefix.isEmpty, value.first != UInt8(ascii: "/") { output.write("/") }
            output.write(value)
        }
    }

    private enum Kind {
        case elsewhere
        /// An absolute path.
        case ownPath
        /// The target's origin, of this length, and then a path or nothing.
        case ownOrigin(Int)
    }

    private static func kind(of value: UnsafeRawBufferPointer, target: UpstreamTarget?) -> Kind {
        let hasNoScheme = value.starts(with: "//".utf8)
        if value.first == UInt8(ascii: "/"), !hasNoScheme { return .ownPath }
        guard let target else { return .elsewhere }
        for origin in target.origins {
            let origin = hasNoScheme ? origin.dropFirst("http:".utf8.count) : origin[...]
            guard self.begins(value, with: origin) else { continue }
            if value.count == origin.count { return .ownOrigin(origin.count) }
            switch value[origin.count] {
            case UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#"): return .ownOrigin(origin.count)
            default: continue
            }
        }
        return .elsewhere
    }

    /// Scheme and host are the same in any letters' case (RFC 9110 section 4.2.3).
    private static func begins(_ value: UnsafeRawBufferPointer, with origin: ArraySlice<UInt8>) -> Bool {
        let start = UnsafeRawBufferPointer(rebasing: value.prefix(origin.count))
        return origin.withUnsafeBytes { ByteClass.equalsIgnoringCase(start, $0) }
    }
}
