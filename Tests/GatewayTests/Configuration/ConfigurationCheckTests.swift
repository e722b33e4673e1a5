import Foundation
import Gateway
import Testing

@testable import GatewaySettings

/// Each file in `Check/` contains TOML, a line of dashes, and the output of `gateway check`. With `GOLDEN=write` in
/// the environment, the output is written to the file.
struct ConfigurationCheckTests {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Check")
    static let files = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).filter {
        $0.hasSuffix(".txt")
    }.sorted()
    private static let line = "----------\n"

    /// The TOML of a golden file and its expected output.
    static func parts(of file: String, in folder: URL) throws -> (toml: String, expected: String?) {
        let text = try String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8)
        let cut = text.range(of: "\n" + line)
        return (cut.map { String(text[..<$0.lowerBound]) } ?? text, cut.map { String(text[$0.upperBound...]) })
    }

    private static func findings(in toml: String) async throws -> String {
        let check = try await ConfigurationCheck(toml: toml, environment: GoldenTests.environment)
        return (check.errors.map(\.description) + check.warnings.map { "\($0.place)warning: \($0.text)" })
            .map { $0 + "\n" }.joined()
    }

    @Test(arguments: files)
    func `the report matches the golden file`(_ file: String) async throws {
        let (toml, expected) = try Self.parts(of: file, in: Self.folder)
        let findings = try await Self.findings(in: toml)
        if ProcessInfo.processInfo.environment["GOLDEN"] == "write" {
            try "\(toml)\n\(Self.line)\(findings)"
                .write(to: Self.folder.appendingPathComponent(file), atomically: true, encoding: .utf8)
        } else {
            #expect(findings == expected)
        }
    }

    /// Errors that are each found in a different stage. In one file, each is still reported exactly once.
    private static let mistakes: [(toml: String, key: String)] = [
        ("[server]\nlisten = 8180", "server.listen"), ("[log]\nlevel = \"warn\"", "log.level"),
        ("[metrics]\ncolour = 1", "metrics.colour"), ("[admin]\nexpose = [\"/x\"]", "admin.expose[0]"),
        ("[upstreams.a]\ntargets = [\"a:1\"]", "upstreams.a.targets[0]"), ("[upstreams.b]", "upstreams.b"),
        ("[middleware.rate_limit]\ncost = 0", "middleware.rate_limit.cost"),
        ("[middleware.access_log]\nsample = 7", "middleware.access_log.sample"),
        ("[middleware.timeout]\nidle = \"0s\"", "middleware.timeout.idle"),
        ("[policies.p.rate_limit]\ncost = 0", "policies.p.rate_limit.cost"),
        ("[policies.q.limits]\nbody = 1", "policies.q.limits.body"),
        ("[policies.r.headers.request]\nremove = [\"Host\"]", "policies.r.headers.request.remove[0]"),
        ("[policies.s.security_headers]\ncsp = { policy = \"{x}\" }", "policies.s.security_headers.csp.policy"),
        ("[policies.t.compression]\ntypes = [\"x\"]", "policies.t.compression.types[0]"),
        ("[policies.cached.cache]\ncoalesce_wait = \"0s\"", "policies.cached.cache.coalesce_wait"),
        ("[policies.u.errors]\ntype_base = \" \"", "policies.u.errors.type_base"),
        ("[policies.v.request_id]\nheader = \"a b\"", "policies.v.request_id.header"),
        ("[[routes]]\npath = \"/:id\"\nrespond = {}", "routes[0].path"),
        ("[[routes]]\npath = \"/b\"", "routes[1]"),
        (
            "[[routes]]\npath = \"/c\"\nrespond = {}\nconcurrency.max_in_flight = 0",
            "routes[2].concurrency.max_in_flight"
        ),
        ("[[routes]]\npath = \"/d\"\nrespond = {}\nhosts = [\"a:80\"]", "routes[3].hosts[0]"),
        ("[[routes]]\npath = \"/e\"\nupstream = \"none-such\"", "routes[4].upstream"),
        ("[[routes]]\npath = \"/f\"\nrespond = {}\nip = { allow = [\"10.0.0.1/8\"] }", "routes[5].ip.allow[0]"),
    ]

    @Test func `errors of all stages are found together, each once`() async throws {
        let toml = Self.mistakes.map(\.toml).joined(separator: "\n")
        let check = try await ConfigurationCheck(toml: toml, environment: [:])
        #expect(check.errors.map(\.key).sorted() == Self.mistakes.map(\.key).sorted())
    }

    @Test func `an error that a later policy overrides is reported once, where it is`() async throws {
        let toml = """
            [policies.a.rate_limit]
            cost = 0
            [policies.b.rate_limit]
            cost = 1
            [[routes]]
            name = "one"
            path = "/"
            respond = {}
            policies = ["a", "b"]
            """
        let errors = try await ConfigurationCheck(toml: toml, environment: [:]).errors
        #expect(errors.map(\.key) == ["policies.a.rate_limit.cost"])
        #expect(errors.map(\.line) == [2])
    }

    @Test func `an error names its route`() async throws {
        let toml = "[[routes]]\nname = \"users\"\npath = \"/u\"\nrespond = {}\nrate_limit.limit = \"60/min\"\n"
        let error = try #require(try await ConfigurationCheck(toml: toml, environment: [:]).errors.first)
        #expect(error.route == "users")
        #expect(
            error.description
                == #"gateway.toml:5:20: routes[0].rate_limit.limit: "60/min" is not a rate: write "60/minute" (route "users")"#
        )
    }
}
