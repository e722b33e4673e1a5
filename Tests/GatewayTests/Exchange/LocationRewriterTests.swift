import GatewayHTTP1
import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewayHTTP
@testable import GatewaySettings

struct LocationRewriterTests {
    /// A reference in an upstream's response and as the client receives it.
    struct Case: Sendable, CustomTestStringConvertible {
        let location: String
        let expected: String
        var path = "/app/a/b"
        var prefix = "/app"
        var host = "a.example"
        var isSecure = false
        var preservesHost = true
        var rewrite = ""

        var testDescription: String { "\(self.location) for \(self.path) behind \(self.prefix), \(self.host)" }

        init(_ location: String, _ expected: String, _ configure: (inout Case) -> Void = { _ in }) {
            self.location = location
            self.expected = expected
            configure(&self)
        }
    }

    private static func rewritten(_ example: Case, field: String = "Location") async throws -> [String] {
        try await WorkerFixture.run { worker in
            let client = RecordingClient()
            client.scheme = example.isSecure ? "https" : "http"
            let exchange = try worker.exchange(
                "GET \(example.path) HTTP/1.1",
                "Host: \(example.host)",
                client: client
            )
            var forwarding = RoutePlan.Forwarding()
            forwarding.stripPrefix = try PathPrefix(example.prefix)
            forwarding.preserveHost = example.preservesHost ? .auto : .never
            if !example.rewrite.isEmpty {
                forwarding.rewrite = try PathTemplate(example.rewrite, for: RoutePattern("/*"))
            }
            exchange.plan = worker.plan(forwarding: forwarding)
            try exchange.respond("HTTP/1.1 302 Found", "Content-Length: 0", "\(field): \(example.location)")
            ForwardedFields.cleanResponse(exchange)
            return exchange.response.headers.lines
        }
    }

    @Test(arguments: [
        Case("/login", "/app/login"), Case("/", "/app/"), Case("/login?next=/a#b", "/app/login?next=/a#b"),
        // The prefix is already there.
        Case("/app/login", "/app/login"), Case("/app", "/app"), Case("/app/", "/app/"), Case("/app?a", "/app?a"),
        Case("/app#a", "/app#a"),
        // A prefix consists of whole segments.
        Case("/application", "/app/application"), Case("/app-x/y", "/app/app-x/y"), Case("/App/x", "/app/App/x"),
        Case("/x/app/y", "/app/x/app/y"),
        // Dot segments do not leave the prefix.
        Case("/app/../login", "/app/login"), Case("/../login", "/app/login"), Case("/./app/x", "/app/x"),
        Case("/a/..", "/app/"), Case("/a/.", "/app/a/"),
        // Nothing was stripped, or there is nothing to strip.
        Case("/login", "/login") { $0.path = "/other" }, Case("/login", "/login") { $0.path = "/application" },
        Case("/login", "/login") { $0.prefix = "" }, Case("/a/../b", "/a/../b") { $0.prefix = "" },
    ])
    func `the stripped prefix is added to a path once`(_ example: Case) async throws {
        #expect(try await Self.rewritten(example) == ["Content-Length: 0", "Location: \(example.expected)"])
    }

    @Test(arguments: [
        Case("c", "c"), Case("c/d?e", "c/d?e"), Case("./c", "./c"), Case("?q=1", "?q=1"), Case("#f", "#f"),
        Case("", ""),
        Case("mailto:a@b", "mailto:a@b"), Case("c?x=../d", "c?x=../d"),
        Case("../c", "/app/c"), Case("../../../c?d", "/app/c?d"), Case("c/../../..", "/app/"),
        Case("login", "/app/login") { $0.path = "/app" }, Case("login?a#b", "/app/login?a#b") { $0.path = "/app" },
        Case("login", "login") { $0.path = "/app/" },
        Case("../c", "../c") { $0.prefix = "" }, Case("../c", "../c") { $0.rewrite = "/new/{rest}" },
    ])
    func `a relative path keeps its meaning`(_ example: Case) async throws {
        #expect(try await Self.rewritten(example) == ["Content-Length: 0", "Location: \(example.expected)"])
    }

    @Test(arguments: [
        Case("http://a.example/login", "http://a.example/app/login"),
        Case("//a.example/login", "//a.example/app/login"),
        Case("http://a.example/app/login", "http://a.example/app/login"),
        Case("http://a.example", "http://a.example/app"), Case("http://a.example?q", "http://a.example/app?q"),
        Case("HTTP://A.EXAMPLE/x", "http://a.example/app/x"),
        Case("http://a.example:81/x", "http://a.example:81/app/x") { $0.host = "a.example:81" },
        Case("http://a.example:80/x", "http://a.example/app/x"),
        Case("http://[::1]:81/x", "http://[::1]:81/app/x") { $0.host = "[::1]:81" },
        // An upstream without TLS must not redirect the client to plain HTTP.
        Case("http://a.example/x", "https://a.example/app/x") { $0.isSecure = true },
        Case("http://a.example/x", "https://a.example/x") {
            $0.isSecure = true
            $0.prefix = ""
        },
        // A redirect to TLS is intended.
        Case("https://a.example/x", "https://a.example/app/x"),
        Case("https://a.example/x", "https://a.example/x") { $0.prefix = "" },
        // Other origins.
        Case("http://a.example:81/x", "http://a.example:81/x"), Case("http://b.example/x", "http://b.example/x"),
        Case("http://a.example.evil/x", "http://a.example.evil/x"), Case("//evil.example/x", "//evil.example/x"),
        Case("http://u@a.example/x", "http://u@a.example/x"), Case("ftp://a.example/x", "ftp://a.example/x"),
        Case("http://a.example/x", "http://a.example/x") { $0.preservesHost = false },
    ])
    func `if the upstream received the client's host, that host maps back to the gateway`(
        _ example: Case
    ) async throws {
        #expect(try await Self.rewritten(example) == ["Content-Length: 0", "Location: \(example.expected)"])
    }

    @Test func `Content-Location is rewritten like Location`() async throws {
        let lines = try await Self.rewritten(Case("/login", ""), field: "Content-Location")
        #expect(lines == ["Content-Length: 0", "Content-Location: /app/login"])
    }
}
