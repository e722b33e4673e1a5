import GatewayHTTP1
import Testing

@testable import GatewayHTTP

struct HeaderNameTests {
    @Test func `RFC 9110 section 5.1: names are compared without regard to case`() {
        #expect(HeaderName("X-Tenant") == HeaderName("x-tenant"))
        #expect(HeaderName("X-Tenant").hashValue == HeaderName("x-tENANT").hashValue)
        #expect(HeaderName("X-Tenant") != HeaderName("X-Tenanu"))
        #expect(HeaderName("via") == HeaderName(.via))
        #expect(HeaderName("via").hashValue == HeaderName(.via).hashValue)
        #expect(HeaderName("via") != HeaderName("vib"))
        // The bit that distinguishes upper and lower case also distinguishes other characters.
        #expect(HeaderName("a^") != HeaderName("a~"))
        #expect(Set([HeaderName("A"), HeaderName("a"), HeaderName("b")]).count == 2)
    }

    @Test func `a name keeps its spelling`() {
        #expect(HeaderName("x-TENANT").description == "x-TENANT")
        #expect(HeaderName("ETAG").description == "ETAG")
        #expect(HeaderName(.etag).description == "ETag")
    }

    @Test(arguments: ["", "a b", "a:", "a\r\nb", "caf\u{e9}", "a\u{0}", "(a)", "a/b"])
    func `RFC 9110 section 5.6.2: a name that is not a token is rejected or corrected`(name: String) {
        #expect(HeaderName(validating: name) == nil)
        #expect(ByteClass.isToken(HeaderName(name).bytes))
    }

    @Test func `a valid name is accepted`() {
        #expect(HeaderName(validating: "x-tenant")?.description == "x-tenant")
        #expect(HeaderName(validating: "host")?.id == .host)
    }
}
