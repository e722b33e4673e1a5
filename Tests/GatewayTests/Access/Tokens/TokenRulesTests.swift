import GatewayAccess
import GatewaySettings
import Testing

@Suite struct TokenRulesTests {
    /// Claims besides `iss` and `aud`, with what is decided. The time is 1800000000, the leeway 30 s.
    @Test(arguments: [
        (#""exp":1800000001"#, "accepted"),
        (#""exp":1799999971"#, "accepted"),
        (#""exp":1799999970"#, "expired"),
        (#""exp":1800000000.5"#, "accepted"),
        (#""exp":18e8"#, "accepted"),
        (#""exp":1e300"#, "accepted"),
        (#""exp":1e400"#, "malformed claims"),
        (#""exp":-1e300"#, "expired"),
        (#""exp":99999999999999999999999999"#, "accepted"),
        (#""exp":"1800000600""#, "malformed date"),
        (#""exp":null"#, "malformed date"),
        (#""exp":true"#, "malformed date"),
        (#""exp":[1800000600]"#, "malformed date"),
        (#""exp":0"#, "expired"),
        (#""nbf":1800000000"#, "missing claim"),
        (#""exp":1800000600,"nbf":1800000030"#, "accepted"),
        (#""exp":1800000600,"nbf":1800000031"#, "not valid yet"),
        (#""exp":1800000600,"nbf":"now""#, "malformed date"),
        (#""exp":1800000600,"iat":1800000030"#, "accepted"),
        (#""exp":1800000600,"iat":1800000031"#, "issued in the future"),
        (#""exp":1800000600,"iat":{}"#, "malformed date"),
    ]) func `checks dates`(_ claims: String, _ verdict: String) {
        let token = TokenForge.token(TokenForge.head, #"{"iss":"https://issuer.example","aud":"api",\#(claims)}"#)
        #expect(TokenForge.verdict(token) == verdict)
    }

    @Test(arguments: [
        (#""iss":"https://issuer.example","aud":"api""#, "accepted"),
        (#""iss":"https://issuer.example","aud":["web","other"]"#, "accepted"),
        (#""iss":"https://issuer.example","aud":["web"]"#, "wrong audience"),
        (#""iss":"https://issuer.example","aud":[]"#, "wrong audience"),
        (#""iss":"https://issuer.example","aud":["api",1]"#, "wrong audience"),
        (#""iss":"https://issuer.example","aud":[["api"]]"#, "wrong audience"),
        (#""iss":"https://issuer.example","aud":{"api":true}"#, "wrong audience"),
        (#""iss":"https://issuer.example","aud":"API""#, "wrong audience"),
        (#""iss":"https://issuer.example","aud":"api ""#, "wrong audience"),
        (#""iss":"https://issuer.example""#, "wrong audience"),
        (#""iss":"https://issuer.example/","aud":"api""#, "wrong issuer"),
        (#""iss":["https://issuer.example"],"aud":"api""#, "wrong issuer"),
        (#""aud":"api""#, "wrong issuer"),
    ]) func `checks issuer and audience`(_ claims: String, _ verdict: String) {
        let token = TokenForge.token(TokenForge.head, #"{"exp":1800000600,\#(claims)}"#)
        #expect(TokenForge.verdict(token) == verdict)
    }

    @Test func `takes consumer, plan and scope from the configured claims`() throws {
        let claims =
            #"{"iss":"https://issuer.example","aud":"api","exp":1800000600,"act":{"sub":"ann","n":7},"tier":"gold","roles":["a","b"]}"#
        let settings = TokenForge.settings {
            $0.consumerClaim = "act.sub"
            $0.planClaim = "tier"
            $0.scopeClaim = "roles"
        }
        let verified = try TokenForge.verify(TokenForge.token(TokenForge.head, claims), settings).get()
        #expect(verified.consumer == "ann")
        #expect(verified.plan == "gold")
        #expect(verified.scope == ["a", "b"])
        let number = TokenForge.settings { $0.consumerClaim = "act.n" }
        #expect(try TokenForge.verify(TokenForge.token(TokenForge.head, claims), number).get().consumer == "7")
        #expect(try TokenForge.verify(TokenForge.token(TokenForge.head, claims)).get().consumer == "")
    }

    @Test(arguments: [
        (#""sub":["acme"]"#, "malformed consumer"), (#""sub":{}"#, "malformed consumer"),
        (#""sub":null"#, "accepted"), (#""scope":7"#, "malformed scope"), (#""scope":["a",null]"#, "malformed scope"),
        (#""scope":"  a  b ""#, "accepted"), (#""plan":7"#, "accepted"),
    ]) func `refuses claims that cannot be understood`(_ claims: String, _ verdict: String) {
        let rest = #""iss":"https://issuer.example","aud":"api","exp":1800000600"#
        #expect(TokenForge.verdict(TokenForge.token(TokenForge.head, "{\(rest),\(claims)}")) == verdict)
    }

    @Test func `a token is remembered until it expires at most`() throws {
        let verified = try TokenForge.verify(TokenForge.token()).get()
        #expect(verified.expires == TokenForge.now + 300_000)
        let short = TokenForge.claims.replacing("1800000600", with: "1800000005")
        #expect(try TokenForge.verify(TokenForge.token(TokenForge.head, short)).get().expires == TokenForge.now + 5000)
        let past = TokenForge.claims.replacing("1800000600", with: "1799999990")
        #expect(try TokenForge.verify(TokenForge.token(TokenForge.head, past)).get().expires == TokenForge.now)
    }

    @Test func `required claims must be there`() {
        let settings = TokenForge.settings { $0.required = ["exp", "jti"] }
        #expect(TokenForge.verdict(TokenForge.token(), settings) == "missing claim")
        let claims = TokenForge.claims.dropLast() + #","jti":"1"}"#
        #expect(TokenForge.verdict(TokenForge.token(TokenForge.head, String(claims)), settings) == "accepted")
        let none = TokenForge.settings { $0.required = [] }
        let forever = #"{"iss":"https://issuer.example","aud":"api"}"#
        #expect(TokenForge.verdict(TokenForge.token(TokenForge.head, forever), none) == "accepted")
    }
}
