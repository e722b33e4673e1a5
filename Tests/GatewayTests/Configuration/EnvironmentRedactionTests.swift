import Foundation
import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewayMiddlewares
@testable import GatewaySettings

struct EnvironmentRedactionTests {
    private static func redaction(_ values: String...) -> EnvironmentRedaction {
        var node = SettingNode(.scalar(""), source: .code)
        node.environmentValues = values
        return EnvironmentRedaction(SettingNode(.list([node]), source: .code))
    }

    @Test(
        arguments: [
            ("hunter2", "there is no upstream \"hunter2\"", "there is no upstream \"[redacted]\""),
            ("hunter2", "write \"HUNTER2\"", "write \"[redacted]\""),
            ("http://hunter2", "write \"hunter2:8080\"", "write \"[redacted]:8080\""),
            ("http://hunter2", "write \"http://127.0.0.1:9001\"", "write \"http://127.0.0.1:9001\""),
            ("/a/hunter2}", "has \"hunter2}\", where", "has \"[redacted]}\", where"),
            ("/a/{hunter2}/b", "nothing to put in for {hunter2}", "nothing to put in for {[redacted]}"),
            ("a\"hunter2\n", "\"a\\\"hunter2\\n\" is not a host", "\"[redacted]\" is not a host"),
            ("5000", "5000 is too large: write 1024 or less", "[redacted] is too large: write 1024 or less"),
            ("a", "\"a\" is not a rate", "\"[redacted]\" is not a rate"),
            ("a", "write \"/a\"", "write \"/[redacted]\""),
            ("rate", "\"rate\" is not a rate", "\"[redacted]\" is not a rate"),
            ("hünter", "\"hünter\" is not ASCII", "\"[redacted]\" is not ASCII"),
            ("", "the list is empty", "the list is empty"),
            ("much longer than the text", "it is short", "it is short"),
        ]
    )
    func `values are redacted in a message`(_ value: String, _ text: String, _ redacted: String) {
        #expect(Self.redaction(value).applied(to: text) == redacted)
    }

    @Test func `all values are redacted`() {
        let redaction = Self.redaction("hunter2", "hunter", "2345")
        #expect(
            redaction.applied(to: "hunter2345: \"2345\" \"hunter2\"") == "[redacted]345: \"[redacted]\" \"[redacted]\""
        )
    }

    // MARK: Every setting

    /// A valid configuration in which one setting at a time is replaced.
    private static let sound: SettingValue = [
        "upstreams": ["u": ["targets": ["http://127.0.0.1:9001"]], "api": ["builtin": "demo"]],
        "routes": [["path": "/*", "upstream": "u"], ["path": "/b/{id}", "upstream": "api", "name": "b"]],
    ]

    /// Every place in the schema that accepts a single value.
    private static let places: [SettingPath] = {
        var places: [SettingPath] = []
        func visit(_ table: SettingTableSchema, _ path: SettingPath) {
            if table.shorthand != nil { places.append(path) }
            for field in table.fields { visit(field.schema, path + field.key) }
            if table.takesMiddlewares { visit(.middlewares, path) }
        }
        func visit(_ schema: SettingSchema, _ path: SettingPath) {
            switch schema {
            case .leaf, .word, .unknown: places.append(path)
            case .table(let table): visit(table, path)
            case .list(let element): visit(element, path + 0)
            case .map(let value): visit(value, path + (path == SettingPath("upstreams") ? "u" : "name"))
            // The same tables are allowed in policies and for all routes.
            case .middlewares where path.steps.first != .key("routes"): break
            case .middlewares:
                for middleware in MiddlewareList.standard.descriptions {
                    visit(SettingSchema.of(middleware.defaults), path + middleware.name)
                }
            }
        }
        visit(SettingSchema.of(GatewayConfiguration()), SettingPath())
        return places
    }()

    private static func put(
        _ value: SettingValue,
        into whole: SettingValue?,
        at steps: ArraySlice<SettingPath.Step>
    ) -> SettingValue {
        switch steps.first {
        case nil: return value
        case .key(let key):
            var entries: [String: SettingValue] = [:]
            if case .table(let existing)? = whole { entries = existing }
            entries[key] = self.put(value, into: entries[key], at: steps.dropFirst())
            return .table(entries)
        case .index:
            var elements: [SettingValue] = []
            if case .list(let existing)? = whole { elements = existing }
            let first = self.put(value, into: elements.first, at: steps.dropFirst())
            return .list([first] + elements.dropFirst())
        }
    }

    private static func text(_ value: SettingValue) -> String {
        guard case .table(let entries) = value else { return "" }
        return entries.map { "\($0.key) = \($0.value.quoted)\n" }.joined()
    }

    @Test(
        arguments: [
            "hunter2secret", "/hunter2secret}x/b", "/{hunter2secret}/{hunter2secret}", "http://hunter2secret",
            "http://hunter2secret/x", "hunter2secret:99999", "'hunter2secret\u{1}' x", "*.hunter2secret.*",
        ]
    )
    func `no message contains the value, whichever setting it was for`(_ value: String) async throws {
        var errors: [ConfigurationError] = []
        // Each place gets a third of the values; with `GATEWAY_THOROUGH` it gets all.
        let isThorough = ProcessInfo.processInfo.environment["GATEWAY_THOROUGH"] != nil
        for (number, place) in Self.places.enumerated() where isThorough || (number + value.utf8.count) % 3 == 0 {
            let toml = Self.text(Self.put("${TOK}", into: Self.sound, at: place.steps[...]))
            do throws(ConfigurationErrors) {
                let configuration = try GatewayConfiguration(
                    toml: toml,
                    environment: ["TOK": value],
                    middlewares: .standard
                )
                errors += configuration.document.warnings
                let check = try? await PlanCheck(configuration)
                errors += (check?.errors ?? []) + (check?.warnings ?? [])
            } catch {
                errors += error.errors
            }
        }
        #expect(errors.count > 50)
        for error in errors where error.text.lowercased().contains("hunter2") { Issue.record("\(error)") }
    }

    @Test func `no message contains a value that is rejected when routes are built`() async throws {
        let toml = """
            [[routes]]
            path = "/${A}"
            name = "${NAME}"
            respond = { body = "" }
            [[routes]]
            path = "/${A}"
            respond = { body = "" }
            """
        let environment = ["A": "hunter2secret", "NAME": "hunter3secret"]
        let configuration = try GatewayConfiguration(toml: toml, environment: environment, middlewares: .standard)
        let check = try await PlanCheck(configuration)
        let findings = configuration.document.warnings + check.errors + check.warnings
        #expect(!findings.isEmpty)
        for finding in findings { #expect(!finding.description.contains("secret"), "\(finding)") }
    }
}
