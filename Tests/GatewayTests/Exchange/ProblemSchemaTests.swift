import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewaySettings

/// Errors must match their schemas.
struct ProblemSchemaTests {
    /// The violations of a value, for the few JSON Schema keywords that the schemas use.
    private static func faults(_ value: SettingValue, _ schema: SettingValue, at path: String = "") -> [String] {
        guard case .table(let keywords) = schema else { return ["\(path): no schema"] }
        var faults: [String] = []
        for (keyword, expected) in keywords {
            switch (keyword, expected, value) {
            case ("description", _, _), ("format", _, _): continue
            case ("const", _, _): if value != expected { faults.append("\(path): is not \(expected)") }
            case ("enum", .list(let words), _): if !words.contains(value) { faults.append("\(path): is no such word") }
            case ("type", "object", .table), ("type", "string", .string), ("type", "integer", .integer),
                ("type", "array", .list):
                continue
            case ("minimum", .integer(let bound), .integer(let number)):
                if number < bound { faults.append("\(path): is too small") }
            case ("maximum", .integer(let bound), .integer(let number)):
                if number > bound { faults.append("\(path): is too large") }
            case ("minItems", .integer(let bound), .list(let items)):
                if items.count < bound { faults.append("\(path): has too few") }
            case ("items", let item, .list(let items)):
                for (index, value) in items.enumerated() { faults += self.faults(value, item, at: "\(path)[\(index)]") }
            case ("required", .list(let names), .table(let members)):
                for case .string(let name) in names where members[name] == nil { faults.append("\(path): no \(name)") }
            case ("properties", .table(let properties), .table(let members)):
                for (name, property) in properties {
                    if let member = members[name] { faults += self.faults(member, property, at: "\(path).\(name)") }
                }
            case ("allOf", .list(let schemas), _):
                for schema in schemas { faults += self.faults(value, schema, at: path) }
            case ("$ref", "#/$defs/Problem", _):
                faults += self.faults(value, ProblemSchema.components["Problem"] ?? [:], at: path)
            default: faults.append("\(path): \(keyword) does not hold")
            }
        }
        return faults
    }

    @Test(arguments: GatewayError.Code.all)
    func `every error matches its schema`(code: GatewayError.Code) async throws {
        var error = GatewayError(code, detail: "é<\"", retryAfter: 2)
        error.problems = [GatewayError.Problem(field: "a[0].b", reason: "is \"no\" number")]
        for error in [error, GatewayError(code)] {
            let body = try await ErrorResponseTests.make(error, path: "/a/b").json
            let schema = try #require(ProblemSchema.components[ProblemSchema.name(of: code)])
            #expect(Self.faults(body, schema) == [])
            // No member may be missing from the schema.
            guard case .table(let members) = body, case .table(let problem)? = ProblemSchema.components["Problem"],
                case .table(let properties)? = problem["properties"]
            else {
                Issue.record("no object")
                return
            }
            #expect(Set(members.keys).isSubset(of: properties.keys))
        }
    }

    @Test func `no other error matches`() async throws {
        let body = try await ErrorResponseTests.make(GatewayError(.notFound), path: "/").json
        let schema = try #require(ProblemSchema.components["ForbiddenProblem"])
        #expect(Self.faults(body, schema).count == 2)
        #expect(!Self.faults(["code": "not_found"], ProblemSchema.components["Problem"] ?? [:]).isEmpty)
    }
}
