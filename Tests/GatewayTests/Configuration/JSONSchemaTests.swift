import Testing

@testable import Gateway
@testable import GatewaySettings

struct JSONSchemaTests {
    private let schema = JSONSchema(middlewares: MiddlewareFixtures.all).document

    private func at(_ keys: String...) -> SettingValue? {
        keys.reduce(schema as SettingValue?) { value, key in
            if case .table(let entries)? = value { entries[key] } else { nil }
        }
    }

    @Test
    func `every table is closed`() {
        func check(_ value: SettingValue, _ path: String) {
            switch value {
            case .table(let entries):
                if entries["type"] == "object" { #expect(entries["additionalProperties"] != nil, "\(path)") }
                for (key, entry) in entries { check(entry, path + "/" + key) }
            case .list(let values): for value in values { check(value, path + "/*") }
            default: break
            }
        }
        check(schema, "")
    }

    @Test
    func `keys, types, defaults and allowed values are in the schema`() {
        #expect(at("properties", "server", "properties", "drain_timeout", "default") == "30s")
        #expect(at("properties", "server", "properties", "limits", "properties", "header_count", "default") == 100)
        #expect(at("properties", "upstreams", "additionalProperties", "type") == "object")
        #expect(at("properties", "routes", "items", "properties", "rate_limit") != nil)
        #expect(at("properties", "routes", "items", "properties", "middleware") == nil)
        #expect(at("$defs", "middlewares", "properties", "rate_limit") != nil)
        #expect(at("properties", "policies", "additionalProperties", "$ref") == "#/$defs/middlewares")
        let words: SettingValue = ["never", "trusted", "always"]
        #expect(JSONText.text(JSONValue(schema)).contains(JSONText.text(JSONValue(words))))
    }

    @Test
    func `every key has a description`() {
        func check(_ value: SettingValue?, _ path: String) {
            guard case .table(let entries)? = value else { return }
            if case .table(let properties)? = entries["properties"] {
                for (key, property) in properties {
                    let isMiddleware = MiddlewareFixtures.all.contains { $0.name == key }
                    if !isMiddleware, case .table(let content) = property {
                        #expect(content["description"] != nil, "\(path).\(key)")
                        check(property, "\(path).\(key)")
                    }
                }
            }
            check(entries["items"], path + "[]")
            check(entries["additionalProperties"], path + ".*")
        }
        check(schema, "")
    }

    @Test
    func `JSON text is written`() {
        let value: SettingValue = ["b": [1, 2.5, true, "\u{1}\"\\\n"], "a": [:], "c": []]
        #expect(JSONText.text(JSONValue(value)) == #"{"a":{},"b":[1,2.5,true,"\u0001\"\\\n"],"c":[]}"#)
        #expect(JSONText.text(["a": [1], "b": [:]], indented: true) == "{\n  \"a\": [\n    1\n  ],\n  \"b\": {}\n}")
    }
}
