import Crypto
import Foundation
import GatewayAccess
import GatewaySettings
import Testing

/// The attacks of RFC 8725 and of published lists.
@Suite struct TokenAttackTests {
    /// Headers with what is decided about a token that is signed with the right secret.
    @Test(arguments: [
        // None at all, in every spelling.
        (#"{"alg":"none"}"#, "wrong algorithm"), (#"{"alg":"None"}"#, "wrong algorithm"),
        (#"{"alg":"NONE"}"#, "wrong algorithm"), (#"{"alg":"nOnE"}"#, "wrong algorithm"),
        (#"{"alg":""}"#, "wrong algorithm"), (#"{"alg":null}"#, "wrong algorithm"), (#"{}"#, "wrong algorithm"),
        (#"{"alg":["HS256"]}"#, "wrong algorithm"), (#"{"alg":"HS256 "}"#, "wrong algorithm"),
        // Another algorithm, and the right one in another case.
        (#"{"alg":"hs256"}"#, "wrong algorithm"), (#"{"alg":"HS512"}"#, "wrong algorithm"),
        (#"{"alg":"RS256"}"#, "wrong algorithm"), (#"{"alg":"ES256K"}"#, "wrong algorithm"),
        (#"{"alg":"HS256\u0000"}"#, "wrong algorithm"),
        // Names twice, also if one of them is written with an escape.
        (#"{"alg":"none","alg":"HS256"}"#, "a name twice"), (#"{"alg":"HS256","\u0061lg":"none"}"#, "a name twice"),
        (#"{"alg":"HS256","x":{"a":1,"a":2}}"#, "a name twice"), (#"{"\u0061lg":"HS256"}"#, "accepted"),
        // A token that brings its own key, or says where to fetch it.
        (#"{"alg":"HS256","jwk":{"kty":"oct","k":"AAAA"}}"#, "accepted"),
        (#"{"alg":"HS256","jku":"http://127.0.0.1:1/","x5u":"file:///etc/passwd","x5c":["AAAA"]}"#, "accepted"),
        // Names of keys that are paths, queries or commands.
        (#"{"alg":"HS256","kid":"../../../../dev/null"}"#, "accepted"),
        (#"{"alg":"HS256","kid":"x' UNION SELECT 'secret"}"#, "accepted"),
        (#"{"alg":"HS256","kid":"|id"}"#, "accepted"), (#"{"alg":"HS256","kid":7}"#, "malformed header"),
        (#"{"alg":"HS256","kid":["a"]}"#, "malformed header"), (#"{"alg":"HS256","kid":null}"#, "malformed header"),
        // Extensions that must be understood.
        (#"{"alg":"HS256","crit":["exp"],"exp":1}"#, "critical extension"),
        (#"{"alg":"HS256","crit":[]}"#, "critical extension"), (#"{"alg":"HS256","crit":null}"#, "critical extension"),
        (#"{"alg":"HS256","crit":["b64"],"b64":false}"#, "critical extension"),
        // Tokens for other purposes.
        (#"{"alg":"HS256","typ":"JWT"}"#, "accepted"), (#"{"alg":"HS256","typ":"jwt"}"#, "accepted"),
        (#"{"alg":"HS256","typ":"at+jwt"}"#, "accepted"), (#"{"alg":"HS256","typ":"application/at+JWT"}"#, "accepted"),
        (#"{"alg":"HS256","typ":"dpop+jwt"}"#, "wrong type"), (#"{"alg":"HS256","typ":"logout+jwt"}"#, "wrong type"),
        (#"{"alg":"HS256","typ":"JWT2"}"#, "wrong type"), (#"{"alg":"HS256","typ":""}"#, "wrong type"),
        (#"{"alg":"HS256","typ":1}"#, "wrong type"),
        (#"{"alg":"HS256","typ":"application/application/jwt"}"#, "wrong type"),
        // What is no object.
        ("[]", "malformed header"), (#""HS256""#, "malformed header"), ("null", "malformed header"),
        ("", "malformed header"),
        (#"{"alg":"HS256"} {}"#, "malformed header"), (#"{"alg":"HS256",}"#, "malformed header"),
        (#"{'alg':'HS256'}"#, "malformed header"), ("\u{FEFF}{\"alg\":\"HS256\"}", "malformed header"),
        (#"{"alg":"HS256","n":1e999}"#, "malformed header"), (#"{"alg":"HS256","n":NaN}"#, "malformed header"),
        (#"{"alg":"HS256","s":"\ud800"}"#, "malformed header"), (#" {"alg":"HS256"} "#, "accepted"),
    ]) func `judges headers`(_ head: String, _ verdict: String) {
        #expect(TokenForge.verdict(TokenForge.token(head)) == verdict, "\(head)")
    }

    @Test(arguments: [
        (#"{"iss":"https://issuer.example","aud":"api","exp":1800000600,"exp":1900000000}"#, "a name twice"),
        (#"{"iss":"https://issuer.example","aud":"api","exp":1,"\u0065xp":1900000000}"#, "a name twice"),
        (#"{"iss":"https://issuer.example","aud":"api","exp":1800000600,"act":{"sub":"a","sub":"b"}}"#, "a name twice"),
        ("[]", "malformed claims"), ("7", "malformed claims"), ("", "malformed claims"),
        (#"{"exp":01800000600}"#, "malformed claims"), (#"{"exp":+1}"#, "malformed claims"),
        (#"{"exp":.5}"#, "malformed claims"), (#"{"exp":Infinity}"#, "malformed claims"),
        ("{\"sub\":\"a\u{0}\"}", "malformed claims"), ("{\"sub\":\"a\nb\"}", "malformed claims"),
        (
            "{\"a\":" + String(repeating: "[", count: 4000) + String(repeating: "]", count: 4000) + "}",
            "malformed claims"
        ),
        (#"{"exp":"# + String(repeating: "9", count: 4000) + "}", "malformed claims"),
    ]) func `judges claims`(_ claims: String, _ verdict: String) {
        #expect(TokenForge.verdict(TokenForge.token(TokenForge.head, claims)) == verdict)
    }

    @Test func `refuses other spellings of a token`() {
        let token = TokenForge.token()
        let parts = token.split(separator: ".").map(String.init)
        let (head, claims, signature) = (parts[0], parts[1], parts[2])
        #expect(TokenForge.verdict(token) == "accepted")
        for wrong in [
            "", ".", "..", "...", "\(head).\(claims)", "\(head).\(claims).", ".\(claims).\(signature)",
            "\(head)..\(signature)", "\(token).", ".\(token)", "\(token).x", "\(token)\n", " \(token)", "\(token) ",
            "\(head).\(claims).\(signature)=", "\(head)=.\(claims).\(signature)", "\(head)\n.\(claims).\(signature)",
            "\(head).\(claims).\(signature)A", "\(head).\(claims).\(signature.dropLast())",
            token.replacing(".", with: ","),
            "\(head).\(claims).\(signature.dropLast(2))%3", "\(head).\(claims).AAAA",
            "\(head).\(claims).\(signature)\(signature)",
            "\(head).\(claims).\(signature.uppercased())", "\(head).\(claims).\(signature).\(head).\(claims)",
        ] { #expect(TokenForge.verdict(wrong) != "accepted", "\(wrong)") }
    }

    @Test func `refuses unused bits and the other alphabet, though the signature covers them`() throws {
        // 43 digits have two unused bits.
        let padded = TokenForge.base64URL(#"{"alg":"HS256"}"#.utf8)
        let claims = TokenForge.base64URL(TokenForge.claims.utf8)
        #expect(TokenForge.verdict(TokenForge.signed("\(padded).\(claims)")) == "accepted")
        #expect(TokenForge.verdict(TokenForge.signed("\(padded)=.\(claims)")) == "malformed encoding")
        #expect(TokenForge.verdict(TokenForge.signed("\(padded).\(claims)==")) == "malformed encoding")
        let spare = TokenForge.base64URL(#"{"alg":"HS256" }"#.utf8)
        let last = try #require(spare.last)
        let next = Character(UnicodeScalar(try #require(last.asciiValue) + 1))
        #expect(TokenForge.verdict(TokenForge.signed("\(spare.dropLast())\(next).\(claims)")) == "malformed encoding")
        let odd = TokenForge.base64URL(
            #"{"iss":"https://issuer.example","aud":"api","exp":1800000600,"x":"???>>>"}"#.utf8
        )
        let other = odd.replacing("-", with: "+").replacing("_", with: "/")
        #expect(other != odd)
        #expect(TokenForge.verdict(TokenForge.signed("\(padded).\(odd)")) == "accepted")
        #expect(TokenForge.verdict(TokenForge.signed("\(padded).\(other)")) == "malformed encoding")
    }

    @Test func `refuses long tokens before it reads them`() {
        let long = TokenForge.token(TokenForge.head, #"{"x":"\#(String(repeating: "x", count: 20_000))"}"#)
        #expect(TokenForge.verdict(long) == "too long")
    }

    @Test func `a public key is no secret`() throws {
        // The classic confusion: HS256 with the public key as the secret.
        let keys = try #require(
            TokenKeySet(json: Array(ForeignTokens.jwks.utf8), algorithms: [.rs256, .es256, .edDSA])
        )
        let settings = TokenForge.settings {
            $0.secret = ""
            $0.publicKey = "-----BEGIN PUBLIC KEY-----"
        }
        for (_, pem) in ForeignTokens.pems {
            for secret in [pem, pem + "\n"] {
                let token = TokenForge.token(TokenForge.head, TokenForge.claims, secret: secret)
                #expect(TokenForge.verdict(token, settings, keys: keys) == "wrong algorithm")
            }
        }
        var careless = settings
        careless.algorithms = [.rs256, .hs256]
        let token = TokenForge.token(TokenForge.head, TokenForge.claims, secret: ForeignTokens.pems[0].text)
        let both = try #require(TokenKeySet(json: Array(ForeignTokens.jwks.utf8), algorithms: [.rs256, .hs256]))
        #expect(TokenForge.verdict(token, careless, keys: both) == "wrong algorithm")
    }

    @Test func `a signature of zeros is none`() throws {
        // CVE-2022-21449.
        let keys = try #require(
            TokenKeySet(json: Array(ForeignTokens.jwks.utf8), algorithms: [.es256, .es384, .es512])
        )
        let settings = TokenForge.settings {
            $0.secret = ""
            $0.algorithms = [.es256, .es384, .es512]
        }
        let claims = TokenForge.base64URL(TokenForge.claims.utf8)
        for (algorithm, length) in [("ES256", 64), ("ES384", 96), ("ES512", 132)] {
            let head = TokenForge.base64URL(#"{"alg":"\#(algorithm)"}"#.utf8)
            for signature in [
                [UInt8](repeating: 0, count: length), [], [0], [UInt8](repeating: 255, count: length),
                [UInt8](repeating: 0, count: length * 2), [0x30, 0x06, 0x02, 0x01, 0x00, 0x02, 0x01, 0x00],
            ] {
                let token = "\(head).\(claims).\(TokenForge.base64URL(signature))"
                #expect(TokenForge.verdict(token, settings, keys: keys) == "wrong signature", "\(algorithm)")
            }
        }
    }

    @Test func `a token does not change what a key is for`() throws {
        // One forged PS512 must not turn a key without alg into one for PS512.
        let keys = try #require(TokenKeySet(json: Array(ForeignTokens.jwks.utf8), algorithms: [.rs256, .ps512]))
        let settings = TokenForge.settings {
            $0.secret = ""
            $0.algorithms = [.rs256, .ps512]
        }
        let head = TokenForge.base64URL(#"{"alg":"PS512","kid":"rsa"}"#.utf8)
        let forged =
            "\(head).\(TokenForge.base64URL(TokenForge.claims.utf8)).\(TokenForge.base64URL(Array(repeating: 7, count: 256)))"
        let right = try #require(ForeignTokens.all.first { $0.algorithm == "RS256" }).token
        for token in [right, forged, right] {
            #expect(
                TokenForge.verdict(token, settings, keys: keys) == (token == right ? "accepted" : "wrong signature")
            )
        }
    }

    @Test func `the signer of one key cannot use the name of another`() throws {
        let keys = try #require(TokenKeySet(json: Array(ForeignTokens.jwks.utf8), algorithms: [.rs256, .es256]))
        let settings = TokenForge.settings {
            $0.secret = ""
            $0.algorithms = [.rs256, .es256]
        }
        let claims = TokenForge.base64URL(TokenForge.claims.utf8)
        func verdict(_ head: String) -> String {
            let token =
                "\(TokenForge.base64URL(head.utf8)).\(claims).\(TokenForge.base64URL([UInt8](repeating: 1, count: 64)))"
            return TokenForge.verdict(token, settings, keys: keys)
        }
        #expect(verdict(#"{"alg":"ES256","kid":"rsa"}"#) == "wrong algorithm")
        #expect(verdict(#"{"alg":"ES256","kid":"nobody"}"#) == "unknown key")
        #expect(verdict(#"{"alg":"ES256","kid":"p256"}"#) == "wrong signature")
    }
}
