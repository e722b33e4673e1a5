import Foundation
import Testing

@testable import Gateway
@testable import GatewayMiddlewares
@testable import GatewaySettings

/// What `gateway lint` finds, by rule.
struct LintReportTests {
    private static let upstream = "[upstreams.api]\ntargets = [\"http://127.0.0.1:9001\"]\n"
    private static let limits = "[middleware.rate_limit]\nlimit = \"9/second\"\n[middleware.limits]\nbody = \"1MiB\"\n"
    private static let route = "[[routes]]\nname = \"all\"\npath = \"/*\"\nupstream = \"api\"\n"
    /// A configuration without findings.
    private static let base = "\(upstream)\(limits)\(route)"
    private static let guarded = "upstream = \"api\"\nip.allow = [\"10.0.0.1\"]\n"
    private static let password = "$2b$12$EixZaYVK1fsbw1ZfbX3OXePaWxn96p36WQoeG6Lruj3vjPGga31lW"

    struct Case: Sendable, CustomStringConvertible {
        let rule: LintRule
        /// The key of the finding.
        let key: String
        let bad: String
        let good: String

        var description: String { "\(self.rule.rawValue) \(self.key)" }

        init(_ rule: LintRule, _ key: String, bad: String, good: String) {
            self.rule = rule
            self.key = key
            self.bad = bad
            self.good = good
        }
    }

    static let cases: [Case] = [
        Case(
            .adminWithoutToken,
            "admin.listen",
            bad: "[admin]\nlisten = \"0.0.0.0:8081\"\n\(base)",
            good: "[admin]\nlisten = \"0.0.0.0:8081\"\ntoken = \"${TOKEN}\"\n\(base)"
        ),
        Case(
            .adminWithoutToken,
            "admin.listen",
            bad: "[admin]\nlisten = \"[::]:8081\"\n\(base)",
            good: "[admin]\nlisten = \"[::1]:8081\"\n\(base)"
        ),
        Case(
            .trustedProxiesWide,
            "server.trusted_proxies[1]",
            bad: "[server]\ntrusted_proxies = [\"10.0.0.0/8\", \"128.0.0.0/7\"]\n\(base)",
            good: "[server]\ntrusted_proxies = [\"10.0.0.0/8\", \"2001:db8::/32\"]\n\(base)"
        ),
        Case(
            .trustedProxiesWide,
            "server.trusted_proxies[0]",
            bad: "[server]\ntrusted_proxies = [\"2000::/31\"]\n\(base)",
            good: "[server]\ntrusted_proxies = [\"unix:\"]\n\(base)"
        ),
        Case(
            .upstreamVerifyOff,
            "upstreams.api.tls.verify",
            bad: "[upstreams.api]\ntargets = [\"https://a.example\"]\ntls = { verify = false }\n\(limits)\(route)",
            good: "[upstreams.api]\ntargets = [\"https://a.example\"]\n\(limits)\(route)"
        ),
        Case(
            .secretInFile,
            "admin.token",
            bad: "[admin]\ntoken = \"hidden\"\n\(base)",
            good: "[admin]\ntoken = \"${TOKEN}\"\n\(base)"
        ),
        Case(
            .secretInFile,
            "redis.url",
            bad: "[redis]\nurl = \"rediss://user:hidden@cache.example:6379\"\n\(base)",
            good: "[redis]\nurl = \"rediss://user:${TOKEN}@cache.example:6379\"\n\(base)"
        ),
        Case(
            .cspUnsafeInline,
            "middleware.security_headers.csp.policy",
            bad:
                "\(base)[middleware.security_headers]\ncsp.policy = \"default-src 'self'; script-src 'Unsafe-Inline'\"\n",
            good: "\(base)[middleware.security_headers]\ncsp.policy = \"default-src 'self'\"\n"
        ),
        Case(
            .cspUnsafeInline,
            "routes[0].headers.response.set.Content-Security-Policy",
            bad: "\(base)headers.response.set = { Content-Security-Policy = \"style-src 'unsafe-inline'\" }\n",
            good: "\(base)headers.response.set = { Content-Security-Policy = \"style-src 'self'\" }\n"
        ),
        Case(
            .corsAnyOrigin,
            "routes[0].cors.origins[0]",
            bad: "\(base)cors.origins = [\"*\"]\n",
            good: "\(base)cors.origins = [\"https://app.example.com\"]\n"
        ),
        Case(
            .hstsWithoutTLS,
            "middleware.security_headers.hsts",
            bad: "\(base)[middleware.security_headers]\nhsts = \"max-age=1\"\n",
            good:
                "[server]\ntrusted_proxies = [\"10.0.0.0/8\"]\n\(base)[middleware.security_headers]\nhsts = \"max-age=1\"\n"
        ),
        Case(.noTimeout, "routes[0].timeout", bad: "\(base)timeout = false\n", good: "\(base)timeout.total = \"1h\"\n"),
        Case(
            .routeUnreachable,
            "routes[1]",
            bad: "\(base)[[routes]]\npath = \"/*\"\nupstream = \"api\"\n",
            good: "\(base)[[routes]]\npath = \"/*\"\nupstream = \"api\"\nmethods = [\"GET\"]\n"
        ),
        Case(
            .ruleBypassed,
            "routes[1]",
            bad: "\(base)[[routes]]\npath = \"/a/*\"\nmethods = [\"GET\"]\n\(guarded)",
            good: "\(base)[[routes]]\npath = \"/a/*\"\n\(guarded)"
        ),
        Case(
            .ruleBypassed,
            "routes[1]",
            bad: "\(base)[[routes]]\npath = \"/*\"\nhosts = [\"a.example\"]\n\(guarded)",
            good:
                "\(upstream)\(limits)\(route)hosts = [\"b.example\"]\nip.deny = [\"10.0.0.2\"]\n[[routes]]\npath = \"/*\"\nhosts = [\"a.example\"]\n\(guarded)"
        ),
        Case(
            .ruleBypassed,
            "routes[1]",
            bad: "\(base)[[routes]]\npath = \"/a\"\n\(guarded)",
            good: "\(base)[[routes]]\npath = \"/a/*\"\n\(guarded)"
        ),
        Case(
            .ruleBypassed,
            "routes[0]",
            bad:
                "\(upstream)\(limits)[[routes]]\npath = \"/a/*\"\n\(guarded)[[routes]]\npath = \"/v1/*\"\nstrip_prefix = \"/v1\"\nupstream = \"api\"\n",
            good:
                "\(upstream)\(limits)[[routes]]\npath = \"/a/*\"\n\(guarded)[[routes]]\npath = \"/v1/*\"\nstrip_prefix = \"/v1\"\n\(guarded)"
        ),
        Case(
            .unused,
            "upstreams.old",
            bad: "[upstreams.old]\ntargets = [\"http://127.0.0.1:1\"]\n\(base)",
            good: "\(base)"
        ),
        Case(
            .unused,
            "auth.basic",
            bad: "[auth.basic]\nusers = { ada = \"\(password)\" }\n\(base)",
            good: "[auth.basic]\nusers = { ada = \"\(password)\" }\n\(base)auth.any = [\"basic\"]\n"
        ),
        Case(
            .jwtWithoutAudience,
            "auth.jwt",
            bad:
                "[auth.jwt]\nissuer = \"https://i.example\"\njwks = \"https://i.example/k\"\n\(base)auth.any = [\"jwt\"]\n",
            good:
                "[auth.jwt]\nissuer = \"https://i.example\"\njwks = \"https://i.example/k\"\naudience = [\"a\"]\n\(base)auth.any = [\"jwt\"]\n"
        ),
        Case(
            .basicWithoutTLS,
            "auth.basic",
            bad:
                "[server]\nlisten = [\"0.0.0.0:80\"]\n[auth.basic]\nusers = { ada = \"\(password)\" }\n\(base)auth.any = [\"basic\"]\n",
            good:
                "[server]\nlisten = [\"127.0.0.1:80\"]\n[auth.basic]\nusers = { ada = \"\(password)\" }\n\(base)auth.any = [\"basic\"]\n"
        ),
        Case(.noEffect, "routes[0].sticky", bad: "\(base)sticky = \"side\"\n", good: "\(base)"),
        Case(
            .middleware,
            "routes[0].security_headers.referrer_policy",
            bad: "\(base)security_headers.referrer_policy = \"same-orgin\"\n",
            good: "\(base)security_headers.referrer_policy = \"same-origin\"\n"
        ),
        Case(
            .noRateLimit,
            "routes[0]",
            bad: "\(upstream)[middleware.limits]\nbody = \"1MiB\"\n\(route)",
            good: "\(upstream)[middleware.limits]\nbody = \"1MiB\"\n\(route)rate_limit.limit = \"1/second\"\n"
        ),
        Case(
            .noBodyLimit,
            "routes[0]",
            bad: "\(upstream)[middleware.rate_limit]\nlimit = \"1/second\"\n\(route)",
            good: "\(upstream)[middleware.rate_limit]\nlimit = \"1/second\"\n\(route)methods = [\"GET\"]\n"
        ),
    ]

    private static func report(_ toml: String) async throws -> LintReport {
        try await LintReport(toml: toml, environment: ["TOKEN": "s3cret"])
    }

    @Test(arguments: cases) func `a rule has one finding where it is broken, and none elsewhere`(example: Case)
        async throws
    {
        let report = try await Self.report(example.bad)
        #expect(report.errors.isEmpty, "\(report.errors)")
        let findings = report.findings.filter { $0.rule == example.rule }
        #expect(findings.map(\.key) == [example.key], "\(report.findings.map { $0.text(in: "f") })")
        #expect(!report.findings.contains { $0.message.contains("s3cret") })
        let good = try await Self.report(example.good)
        #expect(good.errors.isEmpty, "\(good.errors)")
        #expect(good.findings.isEmpty, "\(good.findings.map { $0.text(in: "f") })")
    }

    @Test(arguments: cases) func `a comment above allows the finding`(example: Case) async throws {
        let found = try await Self.report(example.bad).findings
        let finding = try #require(found.first { $0.rule == example.rule })
        var lines = example.bad.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        lines.insert("# lint: allow \(example.rule.rawValue)", at: finding.line - 1)
        let rules = try await Self.report(lines.joined(separator: "\n")).findings.map(\.rule)
        #expect(!rules.contains(example.rule) && !rules.contains(.unused), "\(rules)")
    }

    @Test func `a certificate that has expired is a finding, which a comment allows`() async throws {
        try await CertificateFolder.with { folder in
            try folder.write("a", age: 400)
            let file = folder.path + "/gateway.toml"
            let tables = "[server.tls]\ncertificate = \"a.pem\"\nkey = \"a.key\"\n\(Self.base)"
            let report = try await LintReport(toml: tables, file: file, environment: [:])
            #expect(report.findings.map(\.rule) == [.certificate], "\(report.findings)")
            let comment = tables.replacing("[server.tls]", with: "[server.tls]\n# lint: allow certificate")
            let allowed = try await LintReport(toml: comment, file: file, environment: [:])
            #expect(allowed.findings.isEmpty, "\(allowed.findings)")
        }
    }

    @Test func `a configuration with errors has no findings`() async throws {
        let report = try await Self.report("[admin]\nlisten = \"0.0.0.0:1\"\ntokn = \"x\"\n")
        #expect(report.errors.count == 1)
        #expect(report.findings.isEmpty)
        guard case .object(let members) = report.json else {
            Issue.record("no object")
            return
        }
        #expect(members.map(\.name) == ["errors", "file", "valid", "warnings"])
    }

    @Test func `severities decide what fails`() async throws {
        let report = try await Self.report("\(Self.upstream)\(Self.route)")
        #expect(report.fails(on: .info))
        #expect(!report.fails(on: .warning) && !report.fails(on: .error))
        let open = try await Self.report("[admin]\nlisten = \"0.0.0.0:1\"\n\(Self.base)")
        #expect(open.fails(on: .error))
    }

    @Test func `each warning of a check has a rule`() async throws {
        for example in Self.cases {
            let check = try await ConfigurationCheck(toml: example.bad, environment: ["TOKEN": "s3cret"])
            for warning in check.warnings {
                #expect(warning.rule.flatMap(LintRule.init) != nil, "\(warning)")
                guard case .object(let members) = warning.json else { continue }
                #expect(members.contains { $0.name == "rule" && $0.value == .string(warning.rule ?? "") })
            }
        }
    }

    @Test func `the program's own starter and the shipped file have no errors`() async throws {
        for toml in [StarterConfiguration.text(to: nil), try Repository.read("gateway.toml")] {
            let report = try await Self.report(toml)
            #expect(report.errors.isEmpty)
            #expect(!report.fails(on: .error), "\(report.findings.map { $0.text(in: "f") })")
        }
    }
}
