import GatewayAccess
import GatewayCore
import GatewayHTTP
import GatewaySettings

/// Accepts requests with a key of `[auth.api_key]`, in a header field or a parameter of the query.
///
/// ```toml
/// [auth.api_key]
/// header = "X-API-Key"
/// file = "keys.toml"
/// ```
final class APIKeyAuthenticator: Authenticator {
    static let name = "api_key"

    let challenge: AuthenticationChallenge
    private let header: HeaderName
    /// Whether the key follows `Bearer`.
    private let isBearer: Bool
    private let parameter: QueryParameter?
    private let forwards: Bool
    private let fixed: APIKeys?
    private var reader: WatchedFile<APIKeys>.Reader?

    init(in context: inout BuildContext) {
        if context.auth.apiKey == nil {
            context.fail(
                "\"api_key\" has no keys",
                suggestion: "add [auth.api_key], or remove it",
                at: "any"
            )
        }
        let settings = context.auth.apiKey ?? APIKeyConfiguration()
        self.header = HeaderName(settings.header)
        self.isBearer = self.header.id == .authorization
        self.challenge = AuthenticationChallenge(self.isBearer ? "Bearer" : "ApiKey", reportsErrors: self.isBearer)
        self.parameter = settings.query.isEmpty ? nil : QueryParameter(settings.query)
        self.forwards = settings.forward
        // Errors in the file have been reported.
        let source = try? APIKeys.source(
            settings,
            in: context.folder,
            shared: context.worker.shared,
            log: context.worker.log
        )
        switch source {
        case .fixed(let keys): self.fixed = keys
        case .file(let file):
            self.fixed = nil
            self.reader = file.makeReader()
        case nil: self.fixed = nil
        }
    }

    // MARK: Finding the key

    /// Where the key of a request is.
    private enum Place {
        case none
        case header(ByteRange)
        case query(ByteRange)
        case repeated
    }

    private func place(in exchange: Exchange) -> Place {
        var place = Place.none
        for index in exchange.request.headers.fields.indices {
            let field = exchange.request.headers.fields[index]
            guard exchange.request.headers.matches(field, self.header) else { continue }
            guard case .none = place else { return .repeated }
            place = .header(field.value)
        }
        if self.isBearer, case .header(let value) = place {
            let isOther = exchange.request.headers.withBytes(value) { BearerToken.token(in: $0) == nil }
            if isOther { place = .none }
        }
        guard let parameter = self.parameter, !exchange.query.isEmpty else { return place }
        let query = exchange.query
        switch exchange.request.headers.withBytes(query, { parameter.find(in: $0) }) {
        case .none: return place
        case .repeated: return .repeated
        case .value(let range):
            guard case .none = place else { return .repeated }
            return .query(ByteRange(offset: query.offset + range.lowerBound, count: range.count))
        }
    }

    // MARK: Judging it

    func authenticate(_ exchange: Exchange) -> Authentication {
        let digest: KeyDigest?
        switch self.place(in: exchange) {
        case .none: return .missing
        case .repeated: return .malformed(reason: "the API key was given twice")
        case .header(let value):
            digest = exchange.request.headers.withBytes(value) { bytes in
                Self.digest(of: self.isBearer ? BearerToken.token(in: bytes) : bytes)
            }
        case .query(let value):
            digest = exchange.request.headers.withBytes(value) { bytes in
                QueryParameter.withDecoded(bytes) { Self.digest(of: $0) }
            }
        }
        guard let digest else { return .refused(Authentication.Refusal("empty")) }
        guard let keys = self.keys else { return .refused(Authentication.Refusal("unknown")) }
        switch keys.table.find(digest, at: exchange.worker.unixMilliseconds / 1000) {
        case .found(let index): return .accepted(keys.callers[index])
        case .unknown: return .refused(Authentication.Refusal("unknown"))
        case .disabled: return .refused(Authentication.Refusal("disabled"))
        case .expired: return .refused(Authentication.Refusal("expired", isExpired: true))
        }
    }

    private var keys: APIKeys? { self.fixed ?? self.reader?.current }

    private static func digest(of key: UnsafeRawBufferPointer?) -> KeyDigest? {
        guard let key, !key.isEmpty else { return nil }
        return KeyDigest(of: key)
    }

    func removeUnusedCredential(_ exchange: Exchange) {
        // A bearer token may be what was accepted.
        if !self.isBearer { self.removeCredential(exchange) }
    }

    func removeCredential(_ exchange: Exchange) {
        guard !self.forwards else { return }
        exchange.request.headers.removeAll(self.header)
        guard let parameter = self.parameter, !exchange.query.isEmpty else { return }
        let query = exchange.query
        let rest = exchange.request.headers.withBytes(query) { query in
            parameter.find(in: query) == .none ? nil : parameter.removed(from: query)
        }
        if let rest { exchange.replaceQuery(with: rest) }
    }
}
