import Testing

@testable import Gateway
@testable import GatewaySettings

/// What `gateway check` says about settings of TLS that do not fit together.
struct TLSCombinationTests {
    private static let route = "\n[[routes]]\npath = \"/*\"\nrespond = {}\n"

    /// Settings, and what is reported.
    private static let cases: [(toml: String, report: [String])] = [
        (
            #"""
            [server]
            listen = ["https://127.0.0.1:8443"]
            https_redirect = true

            [server.tls]
            certificate = "missing.pem"
            client_auth = "require"

            [[routes]]
            path = "/*"
            respond = {}

            [routes.rate_limit]
            limit = "1/second"
            key = ["client_cert.subject", "client_ip"]

            [routes.headers]
            request = { set = { X-User = "{client_cert.subject}", X-Text = "{{client_cert.subject}}" } }

            [[routes]]
            path = "/client_cert.subject"
            respond = { body = "{client_cert.subject}" }
            """#,
            [
                #"5:1: server.tls: there is a certificate but no key: add key = "key.pem""#,
                #"7:15: server.tls.client_auth: without client_ca, no client is asked for a certificate: add client_ca = "ca.pem", or remove it"#,
                #"3:18: warning: server.https_redirect: every address in server.listen uses TLS, so nothing is redirected: add "http://0.0.0.0:80" to server.listen, or remove it"#,
                #"15:8: warning: routes[0].rate_limit.key[0]: route "all": without server.tls.client_ca, no client has a certificate: add client_ca to [server.tls]"#,
                #"18:30: warning: routes[0].headers.request.set.X-User: route "all": without server.tls.client_ca, no client has a certificate: add client_ca to [server.tls]"#,
            ]
        ),
        (
            #"""
            [server]
            https_redirect = true

            [server.tls]
            certificate = "missing.pem"
            key = "missing.key"
            client_ca = "missing-ca.pem"

            [[server.tls.certificates]]
            certificate = "other.pem"
            """#,
            [
                #"5:15: server.tls.certificate: "missing.pem": no such file: name a PEM file with the certificate"#,
                #"7:13: server.tls.client_ca: "missing-ca.pem": no such file: name a PEM file with the certificates of authorities"#,
                #"9:1: server.tls.certificates[0]: there is no key: add key = "key.pem""#,
                #"10:15: server.tls.certificates[0].certificate: "other.pem": no such file: name a PEM file with the certificate"#,
                #"2:18: warning: server.https_redirect: every address in server.listen uses TLS, so nothing is redirected: add "http://0.0.0.0:80" to server.listen, or remove it"#,
            ]
        ),
        (
            #"""
            [server]
            listen = ["https://127.0.0.1:8443", "http://127.0.0.1:8080"]
            https_redirect = true
            """#,
            [
                #"2:11: server.listen[0]: "https://127.0.0.1:8443" needs a certificate: add [server.tls] with certificate and key"#
            ]
        ),
        (
            #"""
            [server]
            listen = ["http://127.0.0.1:8080"]
            https_redirect = true

            [server.tls]
            certificate = "missing.pem"
            key = "missing.key"
            """#,
            [
                #"5:1: server.tls: no address in server.listen uses TLS: write "https://…" for one of them, or remove [server.tls]"#
            ]
        ),
    ]

    @Test(arguments: cases.indices) func `each has a position and a suggestion`(index: Int) async throws {
        let (toml, report) = Self.cases[index]
        let complete = toml.contains("[[routes]]") ? toml : toml + Self.route
        let check = try await ConfigurationCheck(toml: complete, environment: [:])
        let findings = check.errors.map(\.description) + check.warnings.map { "\($0.place)warning: \($0.text)" }
        #expect(findings.map { String($0.dropFirst("gateway.toml:".count)) } == report)
    }
}
