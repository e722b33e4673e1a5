import GatewayCore
import GatewayHTTP
import GatewaySettings

/// What the cache knows of consumers on a route where each has its own responses.
struct CacheConsumers {
    private let auth: AuthConfiguration

    init(_ auth: AuthConfiguration) { self.auth = auth }

    /// Writes the consumer of a request. The length separates a name from what follows.
    static func write<Sink: CacheKeySink>(_ caller: Caller?, to hash: inout Sink) {
        guard let caller else { return hash.combine(0 as UInt8) }
        hash.combine(1 as UInt8)
        for shift in stride(from: 0, to: 32, by: 8) {
            hash.combine(UInt8(truncatingIfNeeded: caller.name.utf8.count >> shift))
        }
        for byte in caller.name.utf8 { hash.combine(byte) }
    }

    /// The fields that hold nothing but what `auth` has accepted, so that the consumer in the key stands for them. Other
    /// credentials, such as cookies beside an API key, are the upstream's, and keep counting.
    func accepted(in exchange: Exchange) -> FieldSet {
        guard let caller = exchange.caller else { return [] }
        switch caller.kind {
        case "basic": return [.authorization]
        case "api_key":
            let isBearer = self.auth.apiKey?.header.lowercased() == "authorization"
            return isBearer && Self.hasBearer(exchange) ? [.authorization] : []
        default: return []
        }
    }

    /// Whether the request has a token that another field cannot have brought.
    private static func hasBearer(_ exchange: Exchange) -> Bool {
        guard let field = exchange.request.headers.first(.authorization) else { return false }
        let scheme: StaticString = "Bearer "
        return exchange.request.headers.withBytes(field) { value in
            value.count > scheme.utf8CodeUnitCount
                && ByteClass.equalsIgnoringCase(
                    UnsafeRawBufferPointer(rebasing: value[..<scheme.utf8CodeUnitCount]),
                    UnsafeRawBufferPointer(scheme)
                )
        }
    }
}
