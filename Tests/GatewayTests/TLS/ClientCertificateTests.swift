import Foundation
import GatewayHTTP1
import NIOCore
import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewayHTTP
@testable import GatewayTLS

struct ClientCertificateTests {
    /// The certificate of RFC 9440 appendix A.
    private static let example =
        "MIIBqDCCAU6gAwIBAgIBBzAKBggqhkjOPQQDAjA6MRswGQYDVQQKDBJMZXQncyBBdXRoZW50aWNhdGUxGzAZBgNVBAMMEkxBIEludGVybWVk"
        + "aWF0ZSBDQTAeFw0yMDAxMTQyMjU1MzNaFw0yMTAxMjMyMjU1MzNaMA0xCzAJBgNVBAMMAkJDMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8Y"
        + "nXXfaUgmnMtOXU/IncWalRhebrXmckC8vdgJ1p5Be5F/3YC8OthxM4+k1M6aEAEFcGzkJiNy6J84y7uzo9M6NyMHAwCQYDVR0TBAIwADAfBgNV"
        + "HSMEGDAWgBRm3WjLa38lbEYCuiCPct0ZaSED2DAOBgNVHQ8BAf8EBAMCBsAwEwYDVR0lBAwwCgYIKwYBBQUHAwIwHQYDVR0RAQH/BBMwEYEPYm"
        + "RjQGV4YW1wbGUuY29tMAoGCCqGSM49BAMCA0gAMEUCIBHda/r1vaL6G3VliL4/Di6YK0Q6bMjeSkC3dFCOOB8TAiEAx/kHSB4urmiZ0NX5r5Xa"
        + "rmPk0wmuydBVoU4hBVZ1yhk="

    @Test func `RFC 9440 section 2.2: the field is a byte sequence`() throws {
        let der = try #require(Data(base64Encoded: Self.example))
        let certificate = ClientCertificate(der: Array(der), subject: "CN=BC")
        #expect(String(decoding: certificate.field, as: UTF8.self) == ":\(Self.example):")
    }

    @Test(arguments: [
        ("", ""), ("a", "YQ=="), ("ab", "YWI="), ("abc", "YWJj"), ("abcd", "YWJjZA=="), ("\u{FFFD}?>", "77+9Pz4="),
    ])
    func `RFC 4648 section 4: Base64`(text: String, encoded: String) {
        #expect(String(decoding: Base64.encode(text.utf8), as: UTF8.self) == encoded)
    }

    @Test func `trailers cannot claim a certificate`() async throws {
        let names = try await WorkerFixture.run { worker in
            let exchange = try worker.exchange("GET / HTTP/1.1", "Host: a")
            exchange.plan = worker.plan()
            var block = HeaderBlock()
            for name in ["Client-Cert", "X-SSL-Client-Verify", "x_client_cert", "X-Checksum"] {
                block.add(HeaderName(name), "a" as StaticString)
            }
            let trailers = TrailerSection(received: block).flatMap { ForwardedFields.cleanTrailers(of: exchange, $0) }
            return trailers?.fields.lines ?? []
        }
        #expect(names == ["X-Checksum: a"])
    }

    @Test func `the upstream is told the certificate, whatever the client claims`() async throws {
        let session = try TLSSession.fixture()
        let (certified, plain) = try await WorkerFixture.run { worker in
            func fields(_ session: TLSSession?) throws -> [String] {
                let client = RecordingClient()
                client.tls = session
                let exchange = try worker.exchange(
                    "GET / HTTP/1.1",
                    "Host: a",
                    "Client-Cert: :AA==:",
                    "client_cert: :AA==:",
                    "Client-Cert-Chain: :AA==:",
                    "Connection: Client-Cert",
                    client: client,
                    isTrusted: true
                )
                ForwardedFields.cleanRequest(exchange)
                return exchange.request.headers.lines
            }
            return (try fields(session), try fields(nil))
        }
        #expect(certified == ["Host: a", "Client-Cert: :AP8QgA==:"])
        #expect(plain == ["Host: a"])
    }
}
