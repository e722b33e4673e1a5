import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewayMiddlewares
@testable import GatewaySettings

/// Warnings about access rules and limits that a request can bypass by falling through to a wider route.
struct ConfigurationGapTests {
    private static func warnings(_ routes: String) throws -> [String] {
        let configuration = try GatewayConfiguration(toml: routes, environment: ["KEY": "s3cret"])
        return RouteGaps(configuration: configuration, middlewares: MiddlewareList.standard.descriptions)
            .warnings().map(\.text)
    }

    private static let wide = "[[routes]]\nname = \"wide\"\npath = \"/*\"\nrespond = {}\n"

    @Test(arguments: [
        (
            "methods = [\"GET\"]\nip.allow = [\"10.0.0.0/8\"]",
            "route \"narrow\" has ip, but requests with a method other than GET fall through to route \"wide\" without it, "
                + "for example POST /a/1: add ip to route \"wide\", or remove methods from route \"narrow\""
        ),
        (
            "methods = [\"POST\"]\nlimits.body = \"1KiB\"\nrate_limit.limit = \"1/second\"\nconcurrency.max_in_flight = 1",
            "route \"narrow\" has rate_limit, concurrency and limits, but requests with a method other than POST fall through "
                + "to route \"wide\" without them, for example GET /a/1"
        ),
        (
            "match_headers = { X-Key = \"${KEY}\" }\nip.allow = [\"10.0.0.0/8\"]",
            "requests without the header X-Key fall through to route \"wide\" without it, for example GET /a/1: "
        ),
        (
            "match_query = { debug = \"*\", v = \"a&b\" }\nip.allow = [\"10.0.0.0/8\"]",
            "requests without the parameter debug fall through to route \"wide\" without it, for example GET /a/1?v: "
        ),
        (
            "hosts = [\"*.a.example\"]\nmethods = [\"GET\"]\nrate_limit.limit = \"1/second\"",
            "for example POST http://x.a.example/a/1: "
        ),
    ])
    func `a setting that the wider route lacks is a warning`(narrow: String, warning: String) throws {
        let toml = Self.wide + "[[routes]]\nname = \"narrow\"\npath = \"/a/{id}\"\nrespond = {}\n" + narrow
        let warnings = try Self.warnings(toml)
        #expect(warnings.count == 1, "\(warnings)")
        #expect(warnings.first?.hasPrefix("routes[1]: ") == true)
        #expect(warnings.first?.contains(warning) == true, "\(warnings)")
        #expect(warnings.first?.contains("s3cret") == false)
    }

    @Test(arguments: [
        // Nothing to fail, nothing to bypass, or no wider route.
        wide + "[[routes]]\npath = \"/a\"\nrespond = {}\nip.allow = [\"10.0.0.0/8\"]",
        wide + "[[routes]]\npath = \"/a\"\nrespond = {}\nmethods = [\"GET\"]",
        "[[routes]]\npath = \"/a\"\nrespond = {}\nmethods = [\"GET\"]\nip.allow = [\"10.0.0.0/8\"]",
        // The wider route has the setting, too.
        "[middleware.limits]\nbody = \"1KiB\"\n" + wide
            + "[[routes]]\npath = \"/a\"\nrespond = {}\nmethods = [\"GET\"]\nlimits.body = \"2KiB\"",
        // The other methods of the path have a separate route.
        "[[routes]]\npath = \"/a/*\"\nrespond = {}\nmethods = [\"GET\"]\n"
            + "[[routes]]\npath = \"/a/*\"\nrespond = {}\nmethods = [\"POST\"]\nip.allow = [\"10.0.0.0/8\"]",
        "[[routes]]\npath = \"/{a}\"\nrespond = {}\nmethods = [\"GET\"]\n"
            + "[[routes]]\npath = \"/{b}\"\nrespond = {}\nmethods = [\"POST\"]\nip.allow = [\"10.0.0.0/8\"]",
        // The wider route has another host.
        "[[routes]]\npath = \"/*\"\nhosts = [\"b\"]\nrespond = {}\n"
            + "[[routes]]\npath = \"/a\"\nhosts = [\"a\"]\nrespond = {}\nmethods = [\"GET\"]\nip.allow = [\"10.0.0.0/8\"]",
    ])
    func `without a gap there is no warning`(toml: String) throws {
        #expect(try Self.warnings(toml) == [])
    }

    @Test func `a header condition can be bypassed even if both routes list their methods`() throws {
        let route = "[[routes]]\npath = \"/a\"\nrespond = {}\nmethods = [\"GET\"]\n"
        let guarded = route + "name = \"v2\"\nmatch_headers = { X-V = \"2\" }\nip.allow = [\"10.0.0.0/8\"]\n"
        #expect(try Self.warnings(guarded + route).count == 1)
    }

    @Test func `each warning about a route names it`() throws {
        let toml = """
            [[routes]]
            name = "first"
            path = "/a"
            respond = {}
            [[routes]]
            name = "second"
            path = "/a"
            respond = {}
            timeout = false
            """
        let warnings = try GatewayConfiguration(toml: toml, environment: [:]).document.warnings.map(\.text)
        #expect(
            warnings.contains { $0.hasPrefix("routes[1]: route \"second\" can never match: route \"first\"") }
        )
    }
}
