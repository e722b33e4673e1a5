/// A response that an endpoint may give, other than a problem.
struct APIAnswer: Sendable {
    let status: Int
    /// Empty for the summary of the endpoint.
    let description: String
    /// The media types that the response may have. Empty if it has no body.
    let types: [String]
    let schema: APISchema
    /// The header fields of the response, with what they mean.
    let fields: [(name: String, description: String)]

    init(
        _ status: Int,
        _ types: [String],
        _ schema: APISchema,
        _ description: String = "",
        fields: [(name: String, description: String)] = []
    ) {
        self.status = status
        self.description = description
        self.types = types
        self.schema = schema
        self.fields = fields
    }

    static func json(_ schema: APISchema, _ description: String = "") -> Self { self.json(200, schema, description) }

    static func json(_ status: Int, _ schema: APISchema, _ description: String = "") -> Self {
        Self(status, ["application/json"], schema, description)
    }

    /// A list under its name, with further members.
    static func list(_ name: String, of element: APISchema) -> Self { .json(.object([name: .list(of: element)])) }

    /// A page of a list, with the size of the complete list.
    static func page(_ name: String, of element: APISchema) -> Self {
        .json(.object([name: .list(of: element), "total": .integer("The size of the complete list.", 1)]))
    }

    /// A response without a body.
    static func empty(_ status: Int, _ description: String) -> Self { Self(status, [], .any(""), description) }
}
