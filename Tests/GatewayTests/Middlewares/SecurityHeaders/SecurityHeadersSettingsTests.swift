import Testing

@testable import Gateway
@testable import GatewayMiddlewares
@testable import GatewaySettings

struct SecurityHeadersSettingsTests {
    /// The leaves of the middleware for the only route.
    private static func leaves(_ toml: String) throws -> [String: EffectiveMiddleware.Leaf] {
        let configuration = try GatewayConfiguration(
            toml: toml + "\n[[routes]]\npath = \"/*\"\nrespond = {}",
            environment: [:],
            middlewares: .standard
        )
        var resolver = MiddlewareResolver(configuration, middlewares: .standard)
        let settings = try resolver.settings(for: #require(configuration.routes.first))
        let middleware = try #require(settings.first { $0.name == "security_headers" })
        return Dictionary(uniqueKeysWithValues: middleware.leaves.map { ($0.key, $0) })
    }

    private static func check(_ toml: String) async throws -> PlanCheck {
        let configuration = try GatewayConfiguration(
            toml: toml + "\n[[routes]]\npath = \"/*\"\nrespond = {}\n[[routes]]\npath = \"/a\"\nrespond = {}",
            environment: [:],
            middlewares: .standard
        )
        return try await PlanCheck(configuration)
    }

    @Test func `a preset fills in missing settings and is shown as their source`() throws {
        let leaves = try Self.leaves(
            "[middleware.security_headers]\npreset = \"strict\"\nframe_options = \"SAMEORIGIN\""
        )
        #expect(leaves["cross_origin_resource_policy"]?.value == "same-origin")
        #expect(leaves["cross_origin_resource_policy"]?.source == .preset("strict"))
        #expect(leaves["csp.nonce"]?.value == "html")
        #expect("\(leaves["csp.nonce"]?.source ?? .default)" == "preset strict")
        #expect(leaves["frame_options"]?.value == "SAMEORIGIN")
        #expect(leaves["frame_options"]?.source.position?.line == 3)
        #expect(leaves["hsts"]?.source == .default)
        #expect(leaves["preset"]?.source.position?.line == 2)
    }

    @Test func `the policy of a preset contains a nonce if one is enabled`() throws {
        let plain = try Self.leaves("[middleware.security_headers]\npreset = \"web\"")
        #expect(plain["csp.policy"]?.value.quoted.contains("{nonce}") == false)
        #expect(plain["csp.report_path"]?.value == "/.gateway/csp-reports")
        let nonced = try Self.leaves("[middleware.security_headers]\npreset = \"web\"\ncsp = { nonce = \"header\" }")
        #expect(nonced["csp.policy"]?.value.quoted.contains("'nonce-{nonce}'") == true)
        let own = try Self.leaves("[middleware.security_headers]\npreset = \"web\"\ncsp = { policy = \"\" }")
        #expect(own["csp.policy"]?.value == "")
    }

    @Test func `without a table the defaults apply`() throws {
        let leaves = try Self.leaves("")
        #expect(leaves.values.allSatisfy { $0.source == .default })
    }

    @Test(arguments: [
        ("csp = { policy = \"script-src 'nonce-{nonce}'\" }", 2, "csp.policy", "csp.nonce is off"),
        ("preset = \"strict\"\ncsp = { nonce = \"off\" }", 3, "csp.nonce", "needs a nonce"),
        ("csp = { policy = \"a\\nb\" }", 2, "csp.policy", "U+000A"),
        ("csp = { report_only = \"{x}\" }", 2, "csp.report_only", "{x} is unknown"),
        ("csp = { report_path = \"reports\" }", 2, "csp.report_path", "is not a path"),
        ("hsts = \"includeSubDomains\"", 2, "hsts", "max-age"),
        ("referrer_policy = \"a\\rb\"", 2, "referrer_policy", "header fields cannot have"),
        ("remove = [\"Content-Length\"]", 2, "remove[0]", "belongs to the gateway"),
        ("remove = [\"a b\"]", 2, "remove[0]", "not a header name"),
    ])
    func `errors are reported once with their position`(toml: String, line: Int, key: String, message: String)
        async throws
    {
        let errors = try await Self.check("[middleware.security_headers]\n\(toml)").errors
        #expect(errors.count == 1)
        #expect(errors.first?.line == line)
        #expect(errors.first?.key.hasSuffix("security_headers.\(key)") == true)
        #expect(errors.first?.message.contains(message) == true, "\(errors)")
    }

    @Test(arguments: [
        ("csp = { policy = \"default-src self\" }", 2, "csp.policy", "without quotes"),
        ("csp = { report_only = \"img-source a\" }", 2, "csp.report_only", "not a directive"),
        ("referrer_policy = \"never\"", 2, "referrer_policy", "means nothing"),
        ("frame_options = \"ALLOW-FROM https://a.example\"", 2, "frame_options", "means nothing"),
    ])
    func `questionable settings are warnings with a position`(toml: String, line: Int, key: String, message: String)
        async throws
    {
        let check = try await Self.check("[middleware.security_headers]\n\(toml)")
        #expect(check.errors == [])
        #expect(check.warnings.count == 1)
        #expect(check.warnings.first?.line == line)
        #expect((check.warnings.first?.column ?? 0) > 0)
        #expect(check.warnings.first?.key.hasSuffix("security_headers.\(key)") == true)
        #expect(check.warnings.first?.message.contains(message) == true)
    }

    @Test(arguments: ["api", "web", "strict"])
    func `a preset alone is valid`(preset: String) async throws {
        let check = try await Self.check("[middleware.security_headers]\npreset = \"\(preset)\"")
        #expect(check.errors == [])
        #expect(check.warnings == [])
    }
}
