/// Generates the JSON Schema (draft 2020-12) of `gateway.toml` for editors.
package struct JSONSchema {
    private let middlewares: [MiddlewareDescription]

    package init(middlewares: [MiddlewareDescription]) { self.middlewares = middlewares }

    /// The complete schema.
    package var document: SettingValue {
        guard case .table(var root) = object(SettingSchema.of(GatewayConfiguration())) else { return .table([:]) }
        root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
        root["title"] = "gateway.toml"
        root["$defs"] = [
            "middlewares": [
                "type": "object", "properties": .table(middlewareProperties), "additionalProperties": false,
            ],
            "variable": [
                "type": "string", "pattern": "\\$\\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\\}",
                "description": "The value of an environment variable.",
            ],
        ]
        return .table(root)
    }

    private var middlewareProperties: [String: SettingValue] {
        Dictionary(
            middlewares.map { middleware in
                let table = object(SettingSchema.of(middleware.defaults))
                return (middleware.name, ["anyOf": [table, ["const": false]]])
            },
            uniquingKeysWith: { _, last in last }
        )
    }

    private func object(_ table: SettingTableSchema) -> SettingValue {
        var properties: [String: SettingValue] = [:]
        for field in table.fields {
            if table.takesMiddlewares, field.schema.isMiddlewares { continue }
            guard case .table(var property) = value(field.schema) else { continue }
            property["description"] = table.descriptions[field.property].map { .string($0) }
            switch field.defaultValue {
            case nil, .table: break
            case let value?: property["default"] = value
            }
            properties[field.key] = .table(property)
        }
        if table.takesMiddlewares { properties.merge(middlewareProperties) { own, _ in own } }
        let object: SettingValue = [
            "type": "object", "properties": .table(properties), "additionalProperties": false,
        ]
        return table.shorthand == nil ? object : ["anyOf": [["type": "string"], object]]
    }

    private func value(_ schema: SettingSchema) -> SettingValue {
        switch schema {
        case .leaf(let type): orVariable(type.shape.schema)
        case .word(let words): orVariable(SettingShape.choice(words).schema)
        case .table(let table): object(table)
        case .list(let element): ["type": "array", "items": value(element)]
        case .map(let element): ["type": "object", "additionalProperties": value(element)]
        case .middlewares: ["$ref": "#/$defs/middlewares"]
        case .unknown: [:]
        }
    }

    /// Returns the schema extended to accept an environment variable. Plain strings already do.
    private func orVariable(_ schema: SettingValue) -> SettingValue {
        if case .table(let entries) = schema, entries["type"] == "string", entries["enum"] == nil,
            entries["pattern"] == nil
        {
            return schema
        }
        return ["anyOf": [schema, ["$ref": "#/$defs/variable"]]]
    }
}
