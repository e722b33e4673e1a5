import Foundation
import NIOCore
import NIOSSL
import Testing

@testable import GatewayTLS

@Suite struct ClientTLSTests {
    private static func withFiles(_ files: [String: String], _ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.path + "/gateway-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for (name, text) in files { try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)")) }
        try body(folder)
    }

    @Test func `a context is made of the files`() throws {
        let pair = try SelfSignedCertificate(hosts: [], now: 0)
        try Self.withFiles(["a.pem": pair.certificate, "a.key": pair.key]) { folder in
            var tls = ClientTLS()
            tls.authorities = "\(folder)/a.pem"
            tls.certificate = "\(folder)/a.pem"
            tls.key = "\(folder)/a.key"
            _ = try tls.makeContext()
        }
    }

    @Test(
        arguments: [
            ("none.pem", "a.pem", "a.key", "none.pem", "no such file"),
            ("text.pem", "a.pem", "a.key", "text.pem", "the file contains no PEM certificate"),
            ("a.pem", "a.key", "a.key", "a.key", "the file contains no PEM certificate"),
            ("a.pem", "a.pem", "a.pem", "a.pem", "the file contains no PEM private key"),
            ("a.pem", "a.pem", "b.key", "b.key", "the private key belongs to another certificate"),
            ("a.pem", "a.pem", ".", ".", "this is a directory"),
        ]
    )
    func `a file that cannot be used is named`(
        authorities: String,
        certificate: String,
        key: String,
        file: String,
        problem: String
    ) throws {
        let (one, other) = (
            try SelfSignedCertificate(hosts: [], now: 0), try SelfSignedCertificate(hosts: [], now: 0)
        )
        let files = ["a.pem": one.certificate, "a.key": one.key, "b.key": other.key, "text.pem": "nothing"]
        try Self.withFiles(files) { folder in
            var tls = ClientTLS()
            tls.authorities = "\(folder)/\(authorities)"
            tls.certificate = "\(folder)/\(certificate)"
            tls.key = "\(folder)/\(key)"
            #expect(throws: TLSFileError("\(folder)/\(file)", problem)) { try tls.makeContext() }
        }
    }

    @Test func `problems with both are found together`() {
        var tls = ClientTLS()
        tls.authorities = "/no/ca.pem"
        tls.certificate = "/no/cert.pem"
        tls.key = "/no/cert.key"
        #expect(tls.problems().map(\.path) == ["/no/ca.pem", "/no/cert.pem"])
    }

    @Test(
        arguments: [
            ("EOF during handshake", "the server closed the connection during the handshake"),
            ("x:OPENSSL_internal:WRONG_VERSION_NUMBER at y", "the server does not speak TLS on this port"),
            ("x:OPENSSL_internal:TLSV1_ALERT_UNKNOWN_CA at y", "the server sent the alert unknown_ca"),
            ("x:OPENSSL_internal:SSLV3_ALERT_BAD_CERTIFICATE at y", "the server sent the alert bad_certificate"),
            ("x:OPENSSL_internal:UNSUPPORTED_PROTOCOL at y", "unsupported protocol"),
            ("x:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED at y", "the certificate of the server is not trusted"),
        ]
    )
    func `a failure is explained`(_ text: String, _ explanation: String) {
        struct Failure: Error, CustomStringConvertible { let description: String }
        #expect(TLSFailure(Failure(description: text)).description == explanation)
        #expect(
            TLSFailure(IOError(errnoCode: ECONNRESET, reason: "read")).description
                == "the server reset the connection during the handshake"
        )
    }
}
