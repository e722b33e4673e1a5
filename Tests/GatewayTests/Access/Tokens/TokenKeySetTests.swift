import GatewayAccess
import GatewaySettings
import Testing

@Suite struct TokenKeySetTests {
    private static let rsa =
        #""kty":"RSA","e":"AQAB","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ""#
    private static let ec =
        #""kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0""#
    private static let all: [TokenAlgorithm] = [.rs256, .ps256, .es256, .es384, .edDSA, .hs256]

    private static func count(_ keys: [String]) -> Int? {
        TokenKeySet(json: Array(#"{"keys":[\#(keys.joined(separator: ","))]}"#.utf8), algorithms: self.all)?.keys.count
    }

    /// Members of a key set, with whether it is a key.
    @Test(arguments: [
        ("{\(rsa)}", true), ("{\(ec)}", true), ("{\(rsa),\"kid\":\"a\",\"use\":\"sig\",\"alg\":\"PS256\"}", true),
        ("{\(rsa),\"key_ops\":[\"verify\"]}", true), ("{\(rsa),\"x5t\":7,\"other\":{}}", true),
        ("{\(rsa),\"use\":\"enc\"}", false), ("{\(rsa),\"use\":null}", false),
        ("{\(rsa),\"key_ops\":[\"sign\"]}", false),
        ("{\(rsa),\"key_ops\":\"verify\"}", false), ("{\(rsa),\"alg\":\"RSA-OAEP-256\"}", false),
        ("{\(rsa),\"alg\":\"ES256\"}", false), ("{\(rsa),\"alg\":\"RS512\"}", false), ("{\(rsa),\"kid\":7}", false),
        ("{\(ec),\"alg\":\"ES384\"}", false), (#"{"kty":"oct","k":"c2VjcmV0","alg":"HS256"}"#, false),
        (#"{"kty":"AKP","alg":"ML-DSA-44","pub":"AAAA"}"#, false),
        (#"{"kty":"OKP","crv":"X25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#, false),
        (#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#, true),
        (#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg"}"#, false),
        (#"{"kty":"EC","crv":"secp256k1","x":"AAAA","y":"AAAA"}"#, false),
        (#"{"kty":"EC","crv":"P-256","x":"AAAA","y":"AAAA"}"#, false),
        // The point is not on the curve.
        ("{\(ec.replacing("f83OJ3", with: "f83OJ4"))}", false), ("{\(ec.replacing("P-256", with: "P-384"))}", false),
        // 1024 bits, an even modulus with an exponent of 1.
        (
            #"{"kty":"RSA","e":"AQAB","n":"\#(String(repeating: "q", count: 171))A"}"#, false
        ),
        ("{\(rsa.replacing("AQAB", with: "AQ"))}", false), ("{\(rsa.replacing("AQAB", with: "AQAA"))}", false),
        ("{\(rsa.replacing("AQAB", with: "AQAB="))}", false), ("{}", false), ("7", false), ("[]", false),
        ("null", false),
        (#"{"kty":"RSA"}"#, false), (#"{"kty":7}"#, false),
    ]) func `reads keys one by one`(_ entry: String, _ isKey: Bool) {
        #expect(Self.count([entry]) == (isKey ? 1 : nil))
        // What is no key does not take others along.
        #expect(Self.count([entry, "{\(Self.ec),\"kid\":\"last\"}"]) == (isKey ? 2 : 1))
    }

    @Test(arguments: [
        "", "{}", "[]", #"{"keys":{}}"#, #"{"keys":[]}"#, #"{"keys":[],"keys":[]}"#, "<html>", #"{"keys":null}"#,
    ]) func `text without keys is no key set`(_ text: String) {
        #expect(TokenKeySet(json: Array(text.utf8), algorithms: Self.all) == nil)
    }

    @Test func `the number of keys has a limit`() throws {
        #expect(Self.count((0..<100).map { "{\(Self.ec),\"kid\":\"\($0)\"}" }) == 64)
    }

    @Test func `a key is the same however often it is read, and another with another name`() throws {
        func id(_ key: String) throws -> TokenKey.ID {
            try #require(TokenKeySet(json: Array("{\"keys\":[\(key)]}".utf8), algorithms: Self.all)).keys[0].id
        }
        let named = "{\(Self.ec),\"kid\":\"a\"}"
        #expect(try id(named) == id(named))
        #expect(try id(named) != id("{\(Self.ec),\"kid\":\"b\"}"))
        #expect(try id(named) != id("{\(Self.rsa),\"kid\":\"a\"}"))
    }

    @Test func `two keys of one name are both tried`() throws {
        let p256 = try #require(ForeignTokens.jwks.firstRange(of: #"{"crv":"P-256""#))
        let own = ForeignTokens.jwks[p256.lowerBound...].prefix { $0 != "}" } + "}"
        let other = "{\(Self.ec),\"kid\":\"p256\"}"
        let settings = TokenForge.settings {
            $0.secret = ""
            $0.algorithms = [.es256]
        }
        let token = try #require(ForeignTokens.all.first { $0.algorithm == "ES256" }).token
        for text in ["\(own),\(other)", "\(other),\(own)"] {
            let keys = try #require(TokenKeySet(json: Array("{\"keys\":[\(text)]}".utf8), algorithms: [.es256]))
            #expect(TokenForge.verdict(token, settings, keys: keys) == "accepted")
        }
    }
}
