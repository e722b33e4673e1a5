import GatewayHTTP
import NIOSSL
import Testing

@testable import GatewayTLS

@Suite struct CertificateNamesTests {
    private static func names(_ hosts: String...) throws -> CertificateNames {
        let pem = try SelfSignedCertificate(hosts: hosts, now: 0).certificate
        return CertificateNames(try #require(try NIOSSLCertificate.fromPEMBytes(Array(pem.utf8)).first))
    }

    @Test(
        arguments: [
            ("api.internal", true), ("API.Internal", true), ("api.internal.", true), ("other.internal", false),
            ("a.wild.example", true), ("a.b.wild.example", false), ("wild.example", false), (".wild.example", false),
            ("10.0.0.7", true), ("10.0.0.8", false), ("2001:db8::1", true), ("2001:db8::2", false),
        ]
    )
    func `a name must match a whole alternative name`(_ name: String, _ isIncluded: Bool) throws {
        let names = try Self.names("api.internal", "*.wild.example", "10.0.0.7", "2001:db8::1")
        #expect(names.include(ServerName(name)) == isIncluded)
    }

    /// RFC 9525 section 2: only alternative names count.
    @Test func `an address in a DNS name and a name in the subject do not count`() throws {
        let names = try Self.names("api.internal")
        #expect(!names.include(ServerName("self-signed for development")))
        #expect(names.description.contains("api.internal"))
    }

    @Test(
        arguments: [("a.example.", "a.example"), ("A", "A"), ("127.0.0.1", nil), ("::1", nil)] as [(String, String?)]
    )
    func `names are sent without a final dot, and addresses not at all`(_ host: String, _ indication: String?) {
        #expect(ServerName(host).indication == indication)
    }
}
