package import GatewaySettings

/// A token in compact form (RFC 7515 section 7.1), read but not verified.
package struct SignedToken {
    /// The longest token that is read, in bytes.
    package static let maximumLength = 16 << 10

    package let head: TokenHead
    /// The claims, an object. They mean nothing before the signature has been verified.
    package let claims: JSONValue
    /// The header and the claims as they were signed.
    let signed: [UInt8]
    let signature: [UInt8]

    package init(_ token: UnsafeRawBufferPointer) throws(TokenRefusal) {
        guard token.count <= Self.maximumLength else { throw .tooLong }
        guard let first = token.firstIndex(of: UInt8(ascii: ".")) else { throw .notAToken }
        guard let second = token[(first + 1)...].firstIndex(of: UInt8(ascii: ".")) else { throw .notAToken }
        guard !token[(second + 1)...].contains(UInt8(ascii: ".")) else { throw .notAToken }
        let head = try Self.decode(token, 0..<first)
        let claims = try Self.decode(token, (first + 1)..<second)
        self.signature = try Self.decode(token, (second + 1)..<token.count)
        self.head = try TokenHead(Self.object(head, orElse: .malformedHeader))
        self.claims = try Self.object(claims, orElse: .malformedClaims)
        self.signed = Array(token[..<second])
    }

    private static func decode(_ token: UnsafeRawBufferPointer, _ range: Range<Int>) throws(TokenRefusal) -> [UInt8] {
        guard let bytes = Base64URL.decode(UnsafeRawBufferPointer(rebasing: token[range])) else {
            throw .malformedEncoding
        }
        return bytes
    }

    private static func object(
        _ text: [UInt8],
        orElse refusal: TokenRefusal
    ) throws(TokenRefusal) -> JSONValue {
        do throws(StrictJSON.Problem) {
            let value = try StrictJSON.parse(text)
            if case .object = value { return value }
        } catch {
            if error == .duplicateName { throw .duplicateName }
        }
        throw refusal
    }
}

/// The parts of a token's header that count. All others are ignored: above all `jwk`, `jku`, `x5c` and `x5u`, with which
/// a token names its own key.
package struct TokenHead: Hashable, Sendable {
    package let algorithm: TokenAlgorithm
    package let keyID: String?

    init(_ head: JSONValue) throws(TokenRefusal) {
        // Whoever does not understand an extension must refuse the token (RFC 7515 section 4.1.11), and none is
        // understood.
        guard head["crit"] == nil else { throw .criticalExtension }
        if let type = head["typ"] {
            guard case .string(let name) = type, Self.isToken(type: name) else { throw .wrongType }
        }
        guard case .string(let name)? = head["alg"], let algorithm = TokenAlgorithm(rawValue: name) else {
            throw .wrongAlgorithm
        }
        self.algorithm = algorithm
        switch head["kid"] {
        case nil: self.keyID = nil
        case .string(let id)?: self.keyID = id
        default: throw .malformedHeader
        }
    }

    /// Whether the type is `JWT` (RFC 7519 section 5.1) or `at+jwt` (RFC 9068 section 2.1). Media types have no case and
    /// may omit `application/` (RFC 7515 section 4.1.9).
    private static func isToken(type: String) -> Bool {
        var type = type.lowercased()
        if type.hasPrefix("application/") { type.removeFirst("application/".count) }
        return type == "jwt" || type == "at+jwt"
    }
}
