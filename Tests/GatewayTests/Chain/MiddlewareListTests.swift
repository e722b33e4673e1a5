import GatewayMiddlewares
import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewaySettings

/// The order of a chain composed by an embedding program, and the errors it can cause.
struct MiddlewareListTests {
    private static let list = MiddlewareList.empty
        .appending(.of(First.self))
        .appending(.of(Second.self))

    @Test func `a middleware is inserted before or after another, or appended`() {
        #expect(Self.list.inserting(.of(Third.self), before: "second").names == ["first", "third", "second"])
        #expect(Self.list.inserting(.of(Third.self), after: "first").names == ["first", "third", "second"])
        #expect(Self.list.inserting(.of(Third.self), before: "first").names == ["third", "first", "second"])
        #expect(Self.list.appending(.of(Third.self)).names == ["first", "second", "third"])
        #expect(Self.list.removing("first").names == ["second"])
        // A middleware with two places has one table.
        let standard = MiddlewareList.standard
        #expect(standard.names.count { $0 == "rate_limit" } == 1)
        #expect(standard.registrations.count { $0.description.name == "rate_limit" } == 2)
        #expect(!standard.removing("rate_limit").registrations.contains { $0.description.name == "rate_limit" })
    }

    @Test func `all errors are reported at once`() {
        let list = Self.list
            .inserting(.of(Third.self), before: "fourth")
            .removing("fifth")
            .appending(.of(First.self))
            .appending(.of(Misnamed.self))
            .appending(.of(Path.self))
        let errors = #expect(throws: ConfigurationErrors.self) {
            try GatewayServer(GatewayConfiguration(), middlewares: list)
        }
        #expect(
            errors?.errors.map(\.message) == [
                "there is no middleware \"fourth\" in the list",
                "there is no middleware \"fifth\" in the list",
                "there are two middlewares called \"first\"",
                "\"Mis-named\" is not a name for a middleware",
                "\"path\" is a key of routes",
            ]
        )
    }

    @Test func `tables of an embedder's middlewares are read from a file`() throws {
        let configuration = try GatewayConfiguration(
            toml: """
                [middleware.first]
                limit = 2
                [policies.strict.first]
                limit = 1
                [[routes]]
                path = "/a"
                respond = { status = 204 }
                first = false
                """,
            environment: [:]
        )
        _ = try GatewayServer(configuration, middlewares: Self.list)
    }

    @Test(arguments: [
        (
            "[middleware.frist]\nlimit = 2",
            "a.toml:1:13: middleware.frist: \"frist\" is not a middleware: write \"first\""
        ),
        (
            "[middleware.first]\nlimt = 2",
            "a.toml:2:1: middleware.first.limt: \"limt\" is not a known key: write \"limit\""
        ),
        (
            "[[routes]]\npath = \"/\"\nrespond = { status = 204 }\nfirst = { limit = \"x\" }",
            "a.toml:4:19: routes[0].first.limit: \"x\" is not an integer: write a number"
        ),
    ])
    func `an error in such a table has a position`(toml: String, message: String) throws {
        let configuration = try GatewayConfiguration(toml: toml, file: "a.toml", environment: [:])
        let errors = #expect(throws: ConfigurationErrors.self) {
            try GatewayServer(configuration, middlewares: Self.list)
        }
        // Only position and key matter here; the messages are those of every other setting.
        let (told, wanted) = (errors?.description ?? "", message)
        #expect(told.split(separator: ": ").prefix(2) == wanted.split(separator: ": ").prefix(2), "\(told)")
    }

    @Test(arguments: ["[[routes]]\npth = \"/\"", "[[routes]]\npath = \"/\"\nrespnd = { status = 204 }"])
    func `a misspelled route key is reported, not left to the middleware`(toml: String) {
        #expect(throws: ConfigurationErrors.self) { try GatewayConfiguration(toml: toml, environment: [:]) }
    }

    private struct First: RequestHook {
        struct Config: MiddlewareSettings { var limit = 1 }
        static let name = "first"
        init(_ config: Config, in context: inout BuildContext) {}
        func request(_ exchange: Exchange) -> Decision { .next }
    }

    private struct Second: RequestHook {
        typealias Config = NoSettings
        static let name = "second"
        init(_ config: Config, in context: inout BuildContext) {}
        func request(_ exchange: Exchange) -> Decision { .next }
    }

    private struct Third: RequestHook {
        typealias Config = NoSettings
        static let name = "third"
        init(_ config: Config, in context: inout BuildContext) {}
        func request(_ exchange: Exchange) -> Decision { .next }
    }

    private struct Misnamed: RequestHook {
        typealias Config = NoSettings
        static let name = "Mis-named"
        init(_ config: Config, in context: inout BuildContext) {}
        func request(_ exchange: Exchange) -> Decision { .next }
    }

    private struct Path: RequestHook {
        typealias Config = NoSettings
        static let name = "path"
        init(_ config: Config, in context: inout BuildContext) {}
        func request(_ exchange: Exchange) -> Decision { .next }
    }
}
