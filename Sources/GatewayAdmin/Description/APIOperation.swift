import GatewayCore

/// What the description of the API says about an endpoint, besides its path, its method and who may call it.
package struct APIOperation: Sendable {
    /// The name for programs that are generated from the description, such as `listRoutes`.
    let id: String
    let tag: APITag
    /// The `{name}`s of the path, in order.
    let path: [APIParameter]
    /// The parameters of the query. Requests with others are refused.
    let query: [APIParameter]
    /// Nil if the endpoint accepts no body.
    let body: APIBody?
    let answers: [APIAnswer]
    /// The errors of this endpoint, besides those that any request can get.
    let problems: [GatewayError.Code]

    init(
        _ id: String,
        _ tag: APITag,
        path: [APIParameter] = [],
        query: [APIParameter] = [],
        body: APIBody? = nil,
        answers: [APIAnswer],
        problems: [GatewayError.Code] = []
    ) {
        self.id = id
        self.tag = tag
        self.path = path
        self.query = query
        self.body = body
        self.answers = answers
        self.problems = problems
    }
}

/// The body of a request.
struct APIBody: Sendable {
    let types: [String]
    let schema: APISchema
    var isRequired = true

    static func json(_ schema: APISchema) -> Self { Self(types: ["application/json"], schema: schema) }
}
