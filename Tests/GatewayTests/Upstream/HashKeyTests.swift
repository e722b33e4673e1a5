import GatewayHTTP1
import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewayHTTP
@testable import GatewaySettings
@testable import GatewayTLS

struct HashKeyTests {
    @Test(
        arguments: [
            ("id=1", "1"), ("a=2; id=1", "1"), ("id=1; id=2", "1"), ("a=2;id=1;b=3", "1"), ("id=", ""),
            ("id=a=b", "a=b"),
            ("a=\"x\"; id=\"y\"", "\"y\""), ("xid=1", nil), ("id", nil), ("idx=1", nil), ("a=id=1", nil), (";;; ", nil),
            ("ID=1", nil), ("", nil),
        ] as [(String, String?)]
    )
    func `a cookie is found by its complete name`(field: String, value: String?) async throws {
        let found = try await WorkerFixture.run { worker in
            let exchange = try worker.exchange("GET / HTTP/1.1", "Host: a", "Cookie: \(field)")
            return exchange.cookie(Array("id".utf8)).map { exchange.request.headers.string($0) }
        }
        #expect(found == value)
    }

    @Test func `parts are separated in the hash`() async throws {
        let hashes = try await WorkerFixture.run { worker in
            let key = HashKey(KeySource(.header("A"), .header("B")), makesCookie: false)
            return try [("ab", "c"), ("a", "bc"), ("ab", "c")].map { first, second in
                let exchange = try worker.exchange("GET / HTTP/1.1", "Host: a", "A: \(first)", "B: \(second)")
                return key.hash(of: exchange)
            }
        }
        #expect(hashes[0] == hashes[2])
        #expect(hashes[0] != hashes[1])
    }

    @Test func `a certificate's subject decides, whatever the address is`() async throws {
        let sessions = try ["CN=ann", "CN=ann", "CN=bob"].map { try TLSSession.fixture(subject: $0) }
        let hashes = try await WorkerFixture.run { worker in
            let key = HashKey(KeySource(.clientCertificateSubject), makesCookie: false)
            return try zip(sessions, ["192.0.2.1", "192.0.2.2", "192.0.2.1"]).map { session, address in
                let client = RecordingClient()
                client.tls = session
                let exchange = try worker.exchange("GET / HTTP/1.1", "Host: a", client: client)
                exchange.clientAddress = IPAddress(address).map { ClientAddress($0) } ?? .unknown
                return key.hash(of: exchange)
            }
        }
        #expect(hashes[0] == hashes[1])
        #expect(hashes[0] != hashes[2])
    }

    @Test func `a missing field is replaced by the address`() async throws {
        let hashes = try await WorkerFixture.run { worker in
            let exchange = try worker.exchange("GET / HTTP/1.1", "Host: a")
            return [
                KeySource(.clientIP), KeySource(.header("A")), KeySource(.cookie("a")),
                KeySource(.clientCertificateSubject), KeySource(.consumer), KeySource(.apiKey), KeySource(.claim("a")),
            ].map {
                HashKey($0, makesCookie: false).hash(of: exchange)
            }
        }
        #expect(Set(hashes).count == 1)
    }
}
