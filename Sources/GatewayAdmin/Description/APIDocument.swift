import GatewayCore
import GatewayHTTP
import GatewaySettings

/// The description of the admin API (OpenAPI 3.1), made from the endpoints.
struct APIDocument: Sendable {
    private let hasToken: Bool
    private let hasEventsToken: Bool
    private let lists: [APIList: [String]]
    private let endpoints = AdminEndpoints.all

    /// - Parameters:
    ///   - hasToken: Whether `admin.token` is set. Without one, callers need none.
    ///   - hasEventsToken: Whether `events.token` is set.
    ///   - lists: The names of the elements of lists, for the parameters that have to be one of them.
    init(hasToken: Bool, hasEventsToken: Bool = false, lists: [APIList: [String]] = [:]) {
        self.hasToken = hasToken
        self.hasEventsToken = hasEventsToken
        self.lists = lists
    }

    var json: JSONValue {
        [
            "openapi": "3.1.0",
            "info": [
                "title": "Gateway admin API",
                "version": .string(GatewayVersion.current),
                "description": .string(Self.introduction),
                "license": ["name": "Apache 2.0", "identifier": "Apache-2.0"],
            ],
            "servers": [["url": "/"]],
            "tags": .array(
                APITag.allCases.map { ["name": .string($0.rawValue), "description": .string($0.description)] }
            ),
            "paths": self.paths,
            "components": [
                "schemas": self.schemas,
                "responses": .object(
                    GatewayError.Code.all.map { .init(name: ProblemSchema.name(of: $0), value: Self.problem([$0])) }
                ),
                "securitySchemes": Self.securitySchemes,
            ],
        ]
    }

    private static let introduction = """
        Health, metrics, the running configuration and what changes it. `HEAD` works wherever `GET` does. Another method \
        gets 405 with `Allow`. Errors are `application/problem+json` (RFC 9457). Fields carry their unit in their name: \
        `_ms`, `_seconds`, `_bytes`, `_ratio`. Times are RFC 3339.
        """

    // MARK: Paths

    /// The operations by path, in the order of the endpoints.
    private var paths: JSONValue {
        var items: [JSONValue.Member] = []
        for endpoint in self.endpoints {
            for path in endpoint.paths {
                let operation = JSONValue.Member(
                    name: "\(endpoint.method.name)".lowercased(),
                    value: self.operation(endpoint, at: path)
                )
                if let index = items.firstIndex(where: { $0.name == path }),
                    case .object(let operations) = items[index].value
                {
                    items[index].value = .object(operations + [operation])
                } else {
                    items.append(.init(name: path, value: .object([operation])))
                }
            }
        }
        return .object(items)
    }

    private func operation(_ endpoint: any AdminEndpoint, at path: String) -> JSONValue {
        let operation = endpoint.operation
        var members: [JSONValue.Member] = [
            .init(name: "operationId", value: .string(Self.id(of: endpoint, at: path))),
            .init(name: "tags", value: [.string(operation.tag.rawValue)]),
            .init(name: "summary", value: .string(endpoint.summary)),
        ]
        if path != endpoint.path {
            let text = "The same as `\(endpoint.method.name) \(endpoint.path)`."
            members.append(.init(name: "description", value: .string(text)))
        }
        members.append(.init(name: "security", value: self.security(endpoint.scope)))
        let parameters =
            operation.path.compactMap { self.parameter($0, in: "path") }
            + operation.query.compactMap { self.parameter($0, in: "query") }
        if !parameters.isEmpty { members.append(.init(name: "parameters", value: .array(parameters))) }
        if let body = operation.body { members.append(.init(name: "requestBody", value: Self.body(body))) }
        members.append(.init(name: "responses", value: Self.responses(of: endpoint)))
        return .object(members)
    }

    /// Operations need different names, also those of aliases.
    private static func id(of endpoint: any AdminEndpoint, at path: String) -> String {
        if path == endpoint.path { return endpoint.operation.id }
        return endpoint.operation.id + (path.hasPrefix("/api/v1/") ? "V1" : "Alias")
    }

    /// Returns nil if no value is valid, because the list has no elements.
    private func parameter(_ parameter: APIParameter, in place: String) -> JSONValue? {
        var schema = parameter.schema
        if let names = parameter.list.flatMap({ self.lists[$0] }), names.count <= APIList.limit {
            if names.isEmpty { return nil }
            schema = schema.restricted(to: names)
        }
        return [
            "name": .string(parameter.name), "in": .string(place), "description": .string(schema.description),
            "required": .boolean(parameter.isRequired), "schema": schema.undescribed.json, "example": schema.example,
        ]
    }

    private static func body(_ body: APIBody) -> JSONValue {
        ["required": .boolean(body.isRequired), "content": self.content(body.types, body.schema)]
    }

    private static func content(_ types: [String], _ schema: APISchema) -> JSONValue {
        .object(types.map { .init(name: $0, value: ["schema": schema.json, "example": schema.example]) })
    }

    // MARK: Responses

    /// The errors that a request may get wherever it goes.
    static let general: [GatewayError.Code] = [
        .badRequest, .requestTimeout, .payloadTooLarge, .uriTooLong, .headersTooLarge, .overloaded, .deadlineExceeded,
    ]

    /// The errors of an endpoint, besides the ``general`` ones.
    static func problems(of endpoint: any AdminEndpoint) -> [GatewayError.Code] {
        var problems: [GatewayError.Code] = []
        if endpoint.scope != .open { problems += [.unauthorized, .forbidden, .validationFailed] }
        if endpoint.path.contains("{") { problems.append(.notFound) }
        if endpoint.action != nil { problems.append(.auditUnavailable) }
        return problems + endpoint.operation.problems.filter { !problems.contains($0) }
    }

    private static func responses(of endpoint: any AdminEndpoint) -> JSONValue {
        var responses: [Int: JSONValue] = [:]
        for answer in endpoint.operation.answers {
            let response = self.response(answer, endpoint.summary)
            responses[answer.status] = responses[answer.status]?.addingContent(response) ?? response
        }
        let problems = Dictionary(grouping: self.general + self.problems(of: endpoint), by: \.status)
        for (status, codes) in problems {
            if let response = responses[status] {
                responses[status] = response.addingContent(self.problem(codes))
            } else if codes.count == 1, let code = codes.first {
                responses[status] = ["$ref": .string("#/components/responses/\(ProblemSchema.name(of: code))")]
            } else {
                responses[status] = self.problem(codes)
            }
        }
        return .object(responses.sorted { $0.key < $1.key }.map { .init(name: "\($0.key)", value: $0.value) })
    }

    private static func response(_ answer: APIAnswer, _ summary: String) -> JSONValue {
        var response: JSONValue = ["description": .string(answer.description.isEmpty ? summary : answer.description)]
        if !answer.fields.isEmpty {
            let fields = answer.fields.map { field in
                JSONValue.Member(
                    name: field.name,
                    value: ["description": .string(field.description), "schema": ["type": "string"]]
                )
            }
            response = response.adding("headers", .object(fields))
        }
        return answer.types.isEmpty ? response : response.adding("content", self.content(answer.types, answer.schema))
    }

    /// The response of errors with the same status.
    private static func problem(_ codes: [GatewayError.Code]) -> JSONValue {
        let schemas = codes.map { code -> JSONValue in
            ["$ref": .string("#/components/schemas/\(ProblemSchema.name(of: code))")]
        }
        return [
            "description": .string(codes.map(\.detail).joined(separator: " ")),
            "content": [
                "application/problem+json": ["schema": schemas.count == 1 ? schemas[0] : ["anyOf": .array(schemas)]]
            ],
        ]
    }

    // MARK: Components

    private var schemas: JSONValue {
        var schemas = ProblemSchema.components(in: "#/components/schemas/").mapValues { JSONValue($0) }
        for operation in self.endpoints.map(\.operation) {
            let used =
                operation.answers.map(\.schema) + (operation.path + operation.query).map(\.schema)
                + (operation.body.map { [$0.schema] } ?? [])
            for schema in used { schemas.merge(schema.components) { own, _ in own } }
        }
        return .sorted(schemas)
    }

    private static let securitySchemes: JSONValue = [
        "admin_token": ["type": "http", "scheme": "bearer", "description": "The value of `admin.token`."],
        "events_token": ["type": "http", "scheme": "bearer", "description": "The value of `events.token`."],
        "events_query": [
            "type": "apiKey", "in": "query", "name": "token",
            "description": "Either token, for browsers that cannot send header fields.",
        ],
    ]

    private func security(_ scope: AdminScope) -> JSONValue {
        switch scope {
        case .open: []
        case .read, .write: self.hasToken ? [["admin_token": []]] : [["admin_token": []], [:]]
        case .events:
            .array(
                [["admin_token": []], ["events_token": []], ["events_query": []]]
                    + (self.hasToken || self.hasEventsToken ? [] : [[:]])
            )
        }
    }
}

extension JSONValue {
    /// The object with another member.
    fileprivate func adding(_ name: String, _ value: JSONValue) -> JSONValue {
        guard case .object(let members) = self else { return self }
        return .object(members + [.init(name: name, value: value)])
    }

    /// The response with the media types of another one, for the same status.
    fileprivate func addingContent(_ other: JSONValue) -> JSONValue {
        guard case .object(var members) = self, case .object(let more)? = other["content"] else { return self }
        guard let index = members.firstIndex(where: { $0.name == "content" }),
            case .object(let content) = members[index].value
        else { return self.adding("content", .object(more)) }
        members[index].value = .object(content + more)
        return .object(members)
    }
}
