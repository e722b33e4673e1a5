package import GatewaySettings

/// The JSON Schema 2020-12 of the gateway's problem details, for `docs/errors/schemas.json` and the error components of
/// an OpenAPI document.
package enum ProblemSchema {
    /// The schemas as `docs/errors/schemas.json` has them.
    static var components: [String: SettingValue] { self.components(in: "#/$defs/") }

    /// Returns the schemas by name: `Problem`, and one per code, such as `RateLimitedProblem`.
    ///
    /// - Parameter place: Where the schemas are in the document, with a `/` at the end.
    package static func components(in place: String) -> [String: SettingValue] {
        var components = ["Problem": self.problem]
        for code in GatewayError.Code.all { components[self.name(of: code)] = self.problem(of: code, in: place) }
        return components
    }

    /// Returns the schema name of a code: `rate_limited` → `RateLimitedProblem`.
    package static func name(of code: GatewayError.Code) -> String {
        let words = code.name.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }
        return words.joined() + "Problem"
    }

    private static var problem: SettingValue {
        object(
            "An error of the gateway as application/problem+json (RFC 9457).",
            required: ["type", "title", "status", "detail", "code"],
            [
                "type": text("What the code is appended to is errors.type_base.", ["format": .string("uri-reference")]),
                "title": text("The status in words."),
                "status": number("The status of the response.", from: 400, to: 599),
                "detail": text("What is wrong with this request."),
                "instance": text("The path of the request.", ["format": .string("uri-reference")]),
                "code": text(
                    "Which kind of error it is.",
                    ["enum": .list(GatewayError.Code.all.map { .string($0.name) })]
                ),
                "request_id": text("Under which the request stands in the log; also in X-Request-ID."),
                "retry_after": number("Seconds until a further try makes sense.", from: 1),
                "errors": .table([
                    "type": .string("array"),
                    "description": .string("With validation_failed: which values are wrong, and why."),
                    "minItems": .integer(1),
                    "items": object(
                        "A value that was refused.",
                        required: ["field", "reason"],
                        ["field": text("Which value."), "reason": text("What is wrong with it.")]
                    ),
                ]),
            ]
        )
    }

    private static func problem(of code: GatewayError.Code, in place: String) -> SettingValue {
        var properties: [String: SettingValue] = ["code": .table(["const": .string(code.name)])]
        // An upstream's error keeps its status, and rate_limit.status sets the status of a rate limit.
        if code != .upstreamError, code != .rateLimited {
            properties["status"] = .table(["const": .integer(code.status)])
        }
        return .table([
            "description": .string(code.detail),
            "allOf": .list([
                .table(["$ref": .string(place + "Problem")]), .table(["properties": .table(properties)]),
            ]),
        ])
    }

    private static func object(
        _ description: String,
        required: [String],
        _ properties: [String: SettingValue]
    ) -> SettingValue {
        .table([
            "type": .string("object"),
            "description": .string(description),
            "required": .list(required.map { .string($0) }),
            "properties": .table(properties),
        ])
    }

    private static func text(_ description: String, _ more: [String: SettingValue] = [:]) -> SettingValue {
        .table(more.merging(["type": .string("string"), "description": .string(description)]) { old, _ in old })
    }

    private static func number(_ description: String, from minimum: Int, to maximum: Int? = nil) -> SettingValue {
        var schema: [String: SettingValue] = [
            "type": .string("integer"), "description": .string(description), "minimum": .integer(minimum),
        ]
        if let maximum { schema["maximum"] = .integer(maximum) }
        return .table(schema)
    }
}
