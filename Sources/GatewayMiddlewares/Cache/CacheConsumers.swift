import GatewayCore
import GatewayHTTP
import GatewaySettings

/// What the cache knows of consumers on a route where each has its own responses.
struct CacheConsumers {
    /// The kinds whose credential is a bearer token in `Authorization`, where it still is if it is forwarded.
    private let bearers: [String]
    /// The credentials that a service sees which names the consumer by them.
    private let forwarded: FieldSet

    init(_ auth: AuthConfiguration) {
        var bearers: [String] = []
        if auth.apiKey?.header.lowercased() == "authorization" { bearers.append("api_key") }
        if auth.jwt?.header.lowercased() == "authorization" { bearers.append("jwt") }
        self.bearers = bearers
        var forwarded = FieldSet()
        for name in auth.forward?.requestHeaders ?? [] {
            switch name.lowercased() {
            case "authorization": forwarded.insert(.authorization)
            case "cookie": forwarded.insert(.cookie)
            default: break
            }
        }
        self.forwarded = forwarded
    }

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
        if caller.kind == "basic" { return [.authorization] }
        if caller.kind == "forward" { return self.forwarded }
        return self.bearers.contains(caller.kind) && Self.hasBearer(exchange) ? [.authorization] : []
    }

    /// Whether the request has a bearer token. If it has not, the credential was in a cookie or a parameter.
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
