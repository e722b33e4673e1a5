/// A parameter of a path or a query.
struct APIParameter: Sendable {
    let name: String
    let schema: APISchema
    let isRequired: Bool
    /// The list in which the parameter names an element; nil if it does not.
    let list: APIList?

    /// - Parameter schema: Describes the parameter as a whole. A list is a parameter that may be repeated.
    init(_ name: String, _ schema: APISchema, isRequired: Bool = false, in list: APIList? = nil) {
        self.name = name
        self.schema = schema
        self.isRequired = isRequired
        self.list = list
    }

    /// The value of a path's `{name}`.
    static func path(_ name: String, _ description: String, _ example: String) -> Self {
        Self(name, .text(description, example), isRequired: true)
    }
}

extension [APIParameter] {
    /// What ``AdminQuery/page(of:)`` reads.
    static func page(of list: APIList) -> Self {
        [.limit, APIParameter("after", .text("The name of the last element of the previous page.", "users"), in: list)]
    }
}

extension APIParameter {
    /// What ``AdminQuery/limit()`` reads.
    static var limit: Self {
        Self(
            "limit",
            .integer(
                "The maximum number of elements.",
                AdminQuery.defaultLimit,
                from: AdminQuery.limits.lowerBound,
                to: AdminQuery.limits.upperBound,
                usually: AdminQuery.defaultLimit
            )
        )
    }
}

/// A list of the API with pages, whose elements have names.
enum APIList: Hashable, Sendable {
    case routes, measuredRoutes, upstreams, consumers, webhooks

    /// Names of more elements are not in the description.
    static let limit = 100
}
