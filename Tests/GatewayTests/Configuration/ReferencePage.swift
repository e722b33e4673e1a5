@testable import Gateway
@testable import GatewaySettings

/// The generated parts of `docs/configuration.md`: a table of keys for each table of the file.
struct ReferencePage {
    let comments: [String: String]
    let middlewares: [MiddlewareDescription]

    /// The tables by name; `middleware` contains those of all middlewares.
    var blocks: [(name: String, text: String)] {
        var blocks: [(name: String, text: String)] = []
        for field in SettingSchema.of(GatewayConfiguration()).fields {
            switch field.schema {
            case .table(let table), .list(.table(let table)), .map(.table(let table)):
                blocks.append((field.key, Self.head + rows(of: table, prefix: "").joined()))
            default: break
            }
        }
        let parts = middlewares.map { middleware in
            let rows = rows(of: SettingSchema.of(middleware.defaults), prefix: "")
            let state = middleware.onByDefault ? "On by default." : "Off unless its table is present."
            let keys = rows.isEmpty ? "No keys.\n" : Self.head + rows.joined()
            return "### `\(middleware.name)`\n\n\(state)\n\n\(keys)"
        }
        return blocks + [("middleware", parts.joined(separator: "\n"))]
    }

    private static let head = "| key | value | default | meaning |\n|---|---|---|---|\n"

    private func rows(of table: SettingTableSchema, prefix: String) -> [String] {
        table.fields.flatMap { field -> [String] in
            let key = prefix + field.key
            switch field.schema {
            case .middlewares: return []
            case .table(let nested):
                return rows(of: nested, prefix: key + ".")
            case .list(.table(let nested)):
                return [row(key, "list", field, in: table)] + rows(of: nested, prefix: key + "[].")
            default:
                return [row(key, Self.type(of: field.schema), field, in: table)]
            }
        }
    }

    private func row(_ key: String, _ type: String, _ field: SettingTableSchema.Field, in table: SettingTableSchema)
        -> String
    {
        let meaning = comments["\(table.typeName).\(field.property)"] ?? ""
        let value = field.defaultValue.map { "`\($0.quoted)`" } ?? ""
        return "| `\(key)` | \(type) | \(value) | \(meaning) |\n"
    }

    private static func type(of schema: SettingSchema) -> String {
        switch schema {
        case .leaf(let type): type.shape.name
        case .word(let words): SettingShape.choice(words).name
        case .list(let element): "list of " + Self.plural(Self.type(of: element))
        case .map(let value): "table of " + Self.plural(Self.type(of: value))
        case .table, .middlewares: "table"
        case .unknown: ""
        }
    }

    /// A list of allowed values stays as it is.
    private static func plural(_ type: String) -> String {
        type.hasSuffix("`") ? type : type.hasSuffix("s") ? type + "es" : type + "s"
    }

    /// All table schemas.
    static func tables(middlewares: [MiddlewareDescription]) -> [SettingTableSchema] {
        var tables: [SettingTableSchema] = []
        func visit(_ schema: SettingSchema) {
            switch schema {
            case .table(let table):
                tables.append(table)
                for field in table.fields { visit(field.schema) }
            case .list(let inner), .map(let inner): visit(inner)
            default: break
            }
        }
        visit(.table(SettingSchema.of(GatewayConfiguration())))
        for middleware in middlewares { visit(.table(SettingSchema.of(middleware.defaults))) }
        return tables
    }
}
