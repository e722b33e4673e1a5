import Testing

@testable import Gateway
@testable import GatewaySettings

/// A suggestion must be correct: each one in the golden files is followed to the letter.
struct SuggestionTests {
    private static let cases =
        GoldenTests.files.map { (GoldenTests.folder, $0) }
        + ConfigurationCheckTests.files.map { (ConfigurationCheckTests.folder, $0) }

    /// Suggestions that leave a choice to the reader. All others must contain text to write.
    private static let advice = [
        "set it, or give it a default", "keep only one of", "remove one, or merge them", "remove methods to",
        "use ", "set csp.nonce", "begin a new line", "write a list", "write a string", "write a number",
        "write a whole number", "define [", "put it in quotes", "correct the environment variable", "write [redacted]",
        "nest less", "name ", "run `", "choose another name", "create it, or correct the path", "remove one",
        "remove jwks or secret", "write another file", "write the URL without", "write its public key",
        "write the name of this service", "write a status",
    ]

    @Test(arguments: cases.indices)
    func `every suggestion is accepted as written`(_ index: Int) async throws {
        let (folder, file) = Self.cases[index]
        let toml = try ConfigurationCheckTests.parts(of: file, in: folder).toml
        let errors = try await Self.errors(in: toml)
        for error in errors {
            for edited in Self.edits(error, in: toml, file) {
                try await Self.accept(error, edited, beside: errors, file)
            }
        }
    }

    private static func edits(_ error: ConfigurationError, in toml: String, _ file: String) -> [String] {
        let edits = SuggestedEdits(error, in: toml).results
        if edits.isEmpty {
            let isAdvice =
                Self.advice.contains { error.suggestion.hasPrefix($0) } || error.suggestion.contains("[redacted]")
            #expect(isAdvice, "\(file): nothing to write in: \(error)")
        }
        return edits
    }

    private static func errors(in toml: String) async throws -> [ConfigurationError] {
        try await ConfigurationCheck(toml: toml, environment: GoldenTests.environment).errors
    }

    /// Checks that the error is gone and that there is no new one. Errors that the first one hid are followed in
    /// turn.
    private static func accept(
        _ error: ConfigurationError,
        _ edited: String,
        beside known: [ConfigurationError],
        _ file: String,
        depth: Int = 0
    ) async throws {
        let after = try await Self.errors(in: edited)
        if error.message.hasPrefix(Self.syntax) {
            // The parser stops at the first error, and only a parsed file is checked.
            for next in after where next.message.hasPrefix(Self.syntax) {
                guard next.line > error.line, next.message == error.message, depth < 3 else {
                    Issue.record("\(file): \(error)\nfollowed, gives\n\(next)")
                    continue
                }
                for again in Self.edits(next, in: edited, file) {
                    try await Self.accept(next, again, beside: after, file, depth: depth + 1)
                }
            }
            return
        }
        let before = known.count { Self.isSame($0, error) }
        #expect(
            after.count { Self.isSame($0, error) } < max(before, 1),
            "\(file): still there after \(error.suggestion): \(error)"
        )
        for new in after where !known.contains(where: { Self.isSame($0, new) }) {
            guard Self.hides(error, new), depth < 3 else {
                Issue.record("\(file): \(error)\nfollowed, gives\n\(new)")
                continue
            }
            for again in Self.edits(new, in: edited, file) {
                try await Self.accept(new, again, beside: after, file, depth: depth + 1)
            }
        }
    }

    private static let syntax = "invalid TOML"

    /// Whether the new error existed before, hidden by the first one.
    private static func hides(_ error: ConfigurationError, _ new: ConfigurationError) -> Bool {
        let (old, place) = (Self.place(error), Self.place(new))
        if place == old { return true }
        // The contents of a list of tables are not read where a table is expected.
        if error.message.hasSuffix("is a list, not a table") { return place.hasPrefix(old + ".") }
        // A missing key is not reported while a key directly in the table is unknown, because it may be a typo.
        guard new.suggestion.hasPrefix("add "), old.hasPrefix(place + ".") else { return false }
        return !old.dropFirst(place.count + 1).contains(".")
    }

    private static func isSame(_ a: ConfigurationError, _ b: ConfigurationError) -> Bool {
        func text(_ error: ConfigurationError) -> String {
            // An edit moves what follows it.
            error.message.replacing(#/routes\[\d+\] in line \d+/#, with: "a route")
        }
        return Self.place(a) == Self.place(b) && text(a) == text(b)
    }

    /// The key without list indices, which change when an element is removed.
    private static func place(_ error: ConfigurationError) -> String {
        var isNumber = false
        return String(
            error.key.filter { character in
                if character == "[" || character == "]" { isNumber = character == "[" }
                return !isNumber
            }
        )
    }

    @Test(arguments: [
        ("^/files/(.*)$", "/files/*"), ("^/users/([0-9]+)$", "/users/{id}"), ("~ ^/api/v1\\.0/x", "/api/v1.0/x"),
        ("/users/:id", "/users/{id}"), ("/a/:id/b/:id", "/a/{id}/b/{id2}"), ("users", "/users"),
        ("/a/*/b", "/a/{name}/b"), ("/a*", "/{name}"), ("/{id", "/{id}"), ("/{a-b}", "/{a_b}"), ("/{}", "/{id}"),
        ("/{id}/x/{id}", "/{id}/x/{id2}"), ("/{rest}/*", "/{rest2}/*"), ("/a//b", "/a/b"), ("/a/../b/./c", "/b/c"),
        ("/<int:id>", "/{id}"), ("/{id:[0-9]+}", "/{id}"), ("/static/**", "/static/*"), ("/{path...}", "/*"),
        ("/a b/é", "/a%20b/%C3%A9"), ("/a?b=c", "/a"), ("/%zz", "/%25zz"), ("a/b/", "/a/b/"), ("/.;a/x", "/x"),
        ("/[a-z]+/x$", "/{id}/x"), ("/x/{a}.txt", "/x/{a}"),
    ])
    func `an invalid path is corrected to its likely meaning`(written: String, expected: String) async throws {
        let text = "[[routes]]\nrespond = {}\npath = \(JSONText.quoted(written))\n"
        let errors = try await Self.errors(in: text)
        #expect(errors.map(\.suggestion) == ["write \(JSONText.quoted(expected))"], "\(errors)")
        let corrected = "[[routes]]\nrespond = {}\npath = \(JSONText.quoted(expected))\n"
        #expect(try await Self.errors(in: corrected) == [])
    }

    @Test(arguments: [
        ("[log]\nlevel = \"info\"\nlevl = \"info\"", "remove it: \"level\" is there too"),
        ("[middleware]\ntimeout = {}\ntimeuot = {}", "remove it, or merge it with \"timeout\""),
        ("[middleware]\ntimeuot = {}", "write \"timeout\""),
        ("[upstreams]\na = 1", "write [upstreams.a] below the other keys instead"),
        ("upstreams = { a = 1 }", "write {}"), ("[[log]]", "write [log]"), ("  [[log]]", "write [log]"),
        ("[upstreams.a]\ntargets = \"https://a:1\"", "write [\"https://a:1\"]"),
        ("[upstreams.a]\ntargets = [\"\"]", "write \"http://127.0.0.1:9001\""),
        ("[upstreams.a]\ntargets = [{}]", "add url = \"http://127.0.0.1:9001\""),
    ])
    func `a suggestion fits its context`(toml: String, expected: String) async throws {
        #expect(try await Self.errors(in: toml).map(\.suggestion) == [expected])
    }

    @Test(arguments: [
        ("5 per minute", "5/minute"), ("100rps", "100/second"), ("60/min", "60/minute"), ("10 r/m", "10/minute"),
        ("1_000 requests per hour", "1000/hour"), ("5", "5/minute"), ("3/days", "3/day"), ("per day", "60/day"),
        ("9223372036854775808/second", "1000000000/second"), ("2,000/h", "2000/hour"), ("", "60/minute"),
    ])
    func `a suggested rate keeps the number`(written: String, expected: String) async throws {
        let text = "[[routes]]\nrespond = {}\npath = \"/\"\nrate_limit.limit = \(JSONText.quoted(written))\n"
        let errors = try await Self.errors(in: text)
        #expect(errors.map(\.suggestion) == ["write \(JSONText.quoted(expected))"])
    }
}
