import Testing

@testable import Gateway
@testable import GatewayMiddlewares

struct ContentSecurityPolicyTests {
    private static func warnings(_ text: String) throws -> [String] {
        try ContentSecurityPolicy(text).warnings.map { "\($0.message): \($0.suggestion)" }
    }

    @Test(arguments: [SecurityHeadersMiddleware.Preset.api, .web, .strict])
    func `the presets cause no warnings`(preset: SecurityHeadersMiddleware.Preset) throws {
        for mode in [SecurityHeadersMiddleware.NonceMode.off, .html] {
            var config = SecurityHeadersMiddleware.Config()
            config.preset = preset
            config.csp.nonce = mode
            let policy = try ContentSecurityPolicy(config.presetDefaults?.values.csp.policy ?? config.csp.policy)
            #expect(policy.warnings == [])
            #expect(policy.usesNonce == (preset == .strict || (preset == .web && mode == .html)))
        }
    }

    @Test(arguments: [
        "default-src 'self'", "", ";", " ; default-src 'self' ;; ", "DEFAULT-SRC 'Self'",
        "img-src * data: https: *.a.example:8443",
        "script-src 'nonce-{nonce}' 'strict-dynamic' 'unsafe-eval' https://a.example/x.js",
        "script-src 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='", "sandbox allow-scripts",
        "upgrade-insecure-requests",
        "style-src 'unsafe-inline'", "trusted-types a b 'allow-duplicates'", "require-trusted-types-for 'script'",
        "report-uri /a; report-to b",
    ])
    func `valid policies cause no warnings`(text: String) throws {
        #expect(try Self.warnings(text) == [])
    }

    @Test(arguments: [
        ("defualt-src 'self'", "\"defualt-src\" is not a directive, so browsers ignore it: use default-src"),
        ("frobnicate", "\"frobnicate\" is not a directive, so browsers ignore it: drop it"),
        ("plugin-types a/b", "browsers no longer support plugin-types: drop it"),
        ("default-src self", "self without quotes is read as a host: use 'self'"),
        ("script-src UNSAFE-INLINE", "UNSAFE-INLINE without quotes is read as a host: use 'UNSAFE-INLINE'"),
        ("script-src nonce-{nonce}", "nonce-{nonce} without quotes is read as a host: use 'nonce-{nonce}'"),
        ("script-src sha384-abc", "sha384-abc without quotes is read as a host: use 'sha384-abc'"),
        ("require-trusted-types-for script", "script without quotes is read as a host: use 'script'"),
        ("default-src 'slef'", "'slef' is not a keyword, so browsers ignore it: use 'self'"),
        (
            "img-src 'https://a.example'",
            "'https://a.example' is not a keyword, so browsers ignore it: drop it, or name a host without quotes"
        ),
        ("img-src 'self", "'self is not a keyword, so browsers ignore it: use 'self'"),
        (
            "img-src 'none' a.example",
            "img-src has 'none' beside other values, so browsers ignore 'none': use 'none' alone, or drop it"
        ),
        (
            "style-src 'unsafe-inline' 'nonce-{nonce}'",
            "style-src has 'unsafe-inline' beside a nonce or a hash, so browsers ignore it: drop 'unsafe-inline'"
        ),
        (
            "script-src 'sha256-a' 'unsafe-inline'",
            "script-src has 'unsafe-inline' beside a nonce or a hash, so browsers ignore it: drop 'unsafe-inline'"
        ),
        (
            "script-src 'strict-dynamic'",
            "script-src has 'strict-dynamic' without a nonce or a hash, so no script runs: add 'nonce-{nonce}'"
        ),
        ("img-src a; IMG-SRC b", "img-src is there twice, and browsers use the first only: merge the two"),
        ("img-src a, script-src b", "a comma begins a second policy: separate directives by \";\""),
    ])
    func `policies that browsers would ignore cause warnings`(text: String, warning: String) throws {
        #expect(try Self.warnings(text).contains(warning))
    }

    @Test(arguments: [
        ("default-src\n'self'", "the policy has the character U+000A"),
        ("a\u{0}", "the policy has the character U+0000"),
        ("img-src é.example", "the policy has the character U+00E9"),
        ("a\u{7F}", "the policy has the character U+007F"),
        ("script-src 'nonce-{Nonce}'", "{Nonce} is unknown"), ("{nonce", "a \"{\" is not closed"),
        ("{}", "{} is unknown"),
    ])
    func `bytes that no field may contain are rejected`(text: String, message: String) {
        do throws(ContentSecurityPolicy.ParseError) {
            _ = try ContentSecurityPolicy(text)
            Issue.record("accepted: \(text)")
        } catch {
            #expect(error.message.hasPrefix(message))
        }
    }

    @Test(arguments: [
        ("default-src 'self'", "default-src 'self'"), ("script-src 'nonce-{nonce}'", "script-src 'none'"),
        (
            "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic'; style-src  'self' 'nonce-{nonce}'; img-src a",
            "default-src 'none'; script-src 'strict-dynamic'; style-src 'self'; img-src a"
        ),
        ("script-src 'nonce-{nonce}';", "script-src 'none'"), ("", ""),
    ])
    func `nonces are removed from the policy of responses without one`(policy: String, expected: String) {
        #expect(ContentSecurityPolicy.withoutNonces(policy) == expected)
    }
}
