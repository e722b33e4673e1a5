import Testing

@testable import Gateway
@testable import GatewaySettings
@testable import GatewayTLS

/// What `gateway check` says about the files of certificates.
struct CertificateCheckTests {
    /// Returns the findings without the name of the file, warnings with their prefix.
    private static func findings(
        _ tls: String,
        more: String = "[[routes]]\npath = \"/*\"\nrespond = {}",
        _ prepare: (CertificateFolder) throws -> Void
    ) async throws -> [String] {
        try await CertificateFolder.with { folder in
            try prepare(folder)
            let file = folder.path + "/gateway.toml"
            let toml = "[server.tls]\n\(tls)\n\(more)"
            let check = try await ConfigurationCheck(toml: toml, file: file, environment: [:])
            let all = check.errors.map { "\($0)" } + check.warnings.map { "warning \($0)" }
            return all.map { $0.replacing(file + ":", with: "") }
        }
    }

    private static let pair = "certificate = \"a.pem\"\nkey = \"a.key\""

    @Test func `files that cannot be used are errors with file and reason`() async throws {
        #expect(
            try await Self.findings(Self.pair) { _ in }.contains {
                $0.contains("server.tls.certificate: \"a.pem\": no such file")
            }
        )
        let foreign = try await Self.findings(Self.pair) { folder in
            try folder.write("a")
            try folder.write("b")
            let other = try SelfSignedCertificate(hosts: [], now: CertificateFolder.now)
            try folder.write(other.key, to: "a.key")
        }
        #expect(foreign.count == 1)
        #expect(
            (foreign.first ?? "").hasPrefix(
                "3:7: server.tls.key: \"a.key\": the private key belongs to another certificate"
            )
        )
        let empty = try await Self.findings(Self.pair) { folder in
            try folder.write("a")
            try folder.write("nothing", to: "a.pem")
        }
        #expect(empty.count == 1)
        #expect(
            (empty.first ?? "").hasPrefix(
                "2:15: server.tls.certificate: \"a.pem\": the file contains no PEM certificate"
            )
        )
    }

    @Test func `all files are read, and each error is reported`() async throws {
        let more = "[[server.tls.certificates]]\ncertificate = \"b.pem\"\nkey = \"b.key\""
        let findings = try await Self.findings(Self.pair + "\nclient_ca = \"ca.pem\"", more: more) { _ in }
        for key in ["server.tls.certificate", "server.tls.certificates[0].certificate", "server.tls.client_ca"] {
            #expect(findings.contains { $0.contains(key + ": ") })
        }
    }

    @Test func `a certificate that is valid for long needs nothing`() async throws {
        #expect(try await Self.findings(Self.pair) { try $0.write("a") } == [])
        #expect(try await Self.findings(Self.pair) { try $0.write("a", age: 350) } == [])
    }

    @Test(arguments: [
        (351, "the certificate expires in 13 days, on "), (366, "the certificate expired on "),
        (-2, "the certificate is not valid before "),
    ])
    func `a certificate that is not valid for long is a warning`(age: Int64, text: String) async throws {
        let findings = try await Self.findings(Self.pair) { try $0.write("a", age: age) }
        #expect(findings.count == 1)
        #expect((findings.first ?? "").hasPrefix("warning 2:15: server.tls.certificate: \"a.pem\": \(text)"))
    }

    @Test func `a certificate for none of the hosts is a warning`() async throws {
        func findings(_ hosts: String, sni: String = "") async throws -> [String] {
            let tls = "certificates = [{ certificate = \"a.pem\", key = \"a.key\"\(sni) }]"
            let more = "[[routes]]\npath = \"/*\"\nrespond = {}\n\(hosts)"
            return try await Self.findings(tls, more: more) {
                try $0.write("a", hosts: ["api.example.com", "*.b.example"])
            }
        }
        for hosts in [
            "", "hosts = [\"api.example.com\", \"x\"]", "hosts = [\"*.example.com\"]", "hosts = [\"q.b.example\"]",
        ] {
            #expect(try await findings(hosts) == [])
        }
        let other = try await findings("hosts = [\"www.example.com\"]")
        #expect(other.count == 1)
        #expect(
            (other.first ?? "").contains(
                "server.tls.certificates[0].certificate: \"a.pem\" is for localhost, 127.0.0.1, ::1, api."
            )
        )
        #expect((other.first ?? "").hasSuffix("which no route has in hosts: use a certificate for \"www.example.com\""))
        let chosen = try await findings("", sni: ", sni = [\"api.example.com\", \"c.example\"]")
        #expect(chosen.count == 1)
        #expect((chosen.first ?? "").contains("server.tls.certificates[0].sni[1]: \"a.pem\" is for "))
    }

    @Test func `a chain that is out of order is a warning`() async throws {
        let findings = try await Self.findings(Self.pair) { folder in
            try folder.write("a")
            let first = try SelfSignedCertificate(hosts: [], now: CertificateFolder.now)
            let other = try SelfSignedCertificate(hosts: [], now: CertificateFolder.now)
            try folder.write(first.certificate + "\n" + other.certificate, to: "a.pem")
            try folder.write(first.key, to: "a.key")
        }
        #expect(findings.count == 1)
        #expect(
            (findings.first ?? "").contains(
                "\"a.pem\": a certificate in the file was not issued by the next one: list the"
            )
        )
    }

    @Test func `the certificates of upstreams are read too`() async throws {
        let more = """
            [upstreams.api]
            targets = ["https://127.0.0.1:9001"]
            tls = { certificate = "b.pem", key = "b.key" }
            [[routes]]
            path = "/*"
            upstream = "api"
            """
        let expired = try await Self.findings(Self.pair, more: more) { folder in
            try folder.write("a")
            try folder.write("b", age: 400)
        }
        #expect(expired.count == 1)
        #expect((expired.first ?? "").contains("upstreams.api.tls.certificate: \"b.pem\": the certificate expired on "))
        let missing = try await Self.findings(Self.pair, more: more) { try $0.write("a") }
        #expect(missing.count == 1)
        #expect((missing.first ?? "").contains("upstreams.api.tls"))
    }
}
