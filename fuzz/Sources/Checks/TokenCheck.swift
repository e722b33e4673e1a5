@testable import GatewayAccess
@testable import GatewaySettings

/// A token, or a set of keys, which begins with a brace.
enum TokenCheck {
    private static let algorithms = TokenAlgorithm.allCases
    private static let verifier: TokenVerifier = {
        var settings = JWTConfiguration()
        settings.secret = "a secret that no fuzzer knows, of 64 bytes at least, with padding"
        settings.algorithms = [.hs256, .hs384, .hs512]
        return TokenVerifier(settings.allIssuers)
    }()
    private static let keys = TokenKeySet(
        [TokenKey(secret: "a secret that no fuzzer knows, of 64 bytes at least, with padding", algorithms: algorithms)]
            .compactMap { $0 }
    )

    static func check(_ input: [UInt8]) throws(BrokenProperty) {
        if input.first == UInt8(ascii: "{") { try self.checkJSON(input) } else { try self.checkToken(input) }
    }

    private static func checkToken(_ input: [UInt8]) throws(BrokenProperty) {
        guard let token = input.withUnsafeBytes({ try? SignedToken($0) }) else { return }
        try hold(input.count(where: { $0 == UInt8(ascii: ".") }) == 2, "accepted without three parts")
        for part in input.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false) {
            guard let bytes = Base64URL.decode(String(decoding: part, as: UTF8.self)) else {
                throw BrokenProperty(description: "a part that is no Base64")
            }
            try hold(self.encoded(bytes) == Array(part), "a part has two forms")
        }
        guard case .object = token.claims else { throw BrokenProperty(description: "claims that are no object") }
        let found = input.withUnsafeBytes { try? self.verifier.read($0) }
        guard let found else { return }
        if case .accepted = self.verifier.verify(found.token, of: found.issuer, with: self.keys, at: 0) {
            throw BrokenProperty(description: "a token that nobody signed")
        }
    }

    private static func checkJSON(_ input: [UInt8]) throws(BrokenProperty) {
        guard let value = try? StrictJSON.parse(input) else { return }
        try hold(self.namesDiffer(value), "a name twice")
        let keys = TokenKeySet(json: input, algorithms: self.algorithms)
        try hold(keys.map { !$0.keys.isEmpty } ?? true, "a set without keys")
    }

    private static func namesDiffer(_ value: JSONValue) -> Bool {
        switch value {
        case .array(let elements): elements.allSatisfy(self.namesDiffer)
        case .object(let members):
            Set(members.map(\.name)).count == members.count && members.allSatisfy { self.namesDiffer($0.value) }
        case .null, .boolean, .integer, .number, .string: true
        }
    }

    private static func encoded(_ bytes: [UInt8]) -> [UInt8] {
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        var text: [UInt8] = []
        var (bits, count) = (0, 0)
        for byte in bytes {
            bits = (bits << 8 | Int(byte)) & 0xFFFF
            count += 8
            while count >= 6 {
                count -= 6
                text.append(digits[bits >> count & 63])
            }
        }
        if count > 0 { text.append(digits[bits << (6 - count) & 63]) }
        return text
    }
}
