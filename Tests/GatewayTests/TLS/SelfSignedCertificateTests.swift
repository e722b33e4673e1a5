import Testing

@testable import GatewayTLS

struct SelfSignedCertificateTests {
    @Test func `it is valid for this machine and the hosts of listeners, for a year`() throws {
        let now: Int64 = 1_700_000_000
        let hosts = ["127.0.0.1", "0.0.0.0", "::", "192.0.2.7", "2001:db8::7", "dev.example"]
        let generated = try SelfSignedCertificate(hosts: hosts, now: now)
        let certificate = try ServerCertificate(
            name: "self-signed",
            certificate: Array(generated.certificate.utf8),
            key: Array(generated.key.utf8)
        )
        let names = ["localhost", "127.0.0.1", "::1", "192.0.2.7", "2001:db8::7", "dev.example"]
        #expect(generated.names == names)
        #expect(certificate.names.map { "\($0)" } == names)
        #expect(certificate.notBefore == now - 3600)
        #expect(certificate.notAfter == now + 365 * 86_400)
        #expect(certificate.isSelfSigned)
    }

    @Test func `no two are alike`() throws {
        let both = try (0..<2).map { _ in try SelfSignedCertificate(hosts: [], now: 1_700_000_000) }
        #expect(both[0].key != both[1].key)
        #expect(both[0].certificate != both[1].certificate)
    }
}
