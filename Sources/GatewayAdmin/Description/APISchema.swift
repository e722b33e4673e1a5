import GatewaySettings

/// A JSON Schema (draft 2020-12) of a value that the admin API reads or writes, with an example of such a value.
package struct APISchema: Sendable {
    private var members: [JSONValue.Member]
    /// The schemas that this one refers to, by name.
    private(set) var components: [String: JSONValue] = [:]
    private(set) var example: JSONValue

    var json: JSONValue { .object(self.members) }

    var description: String {
        guard case .string(let text)? = self.json["description"] else { return "" }
        return text
    }

    /// The schema without its description.
    var undescribed: Self {
        var schema = self
        schema.members.removeAll { $0.name == "description" }
        return schema
    }

    private init(_ members: [(String, JSONValue?)], _ description: String = "", example: JSONValue) {
        let all = members + [("description", description.isEmpty ? nil : .string(description))]
        self.members = all.compactMap { name, value in value.map { .init(name: name, value: $0) } }
        self.example = example
    }

    // MARK: Values

    /// Any value.
    static func any(_ description: String, _ example: JSONValue = .null) -> Self {
        Self([], description, example: example)
    }

    /// - Parameters:
    ///   - minimum: The minimum length in characters.
    ///   - maximum: The maximum length in characters.
    static func text(
        _ description: String,
        _ example: String,
        pattern: String? = nil,
        minimum: Int? = nil,
        maximum: Int? = nil
    ) -> Self {
        Self(
            [
                ("type", "string"), ("pattern", pattern.map { .string($0) }),
                ("minLength", minimum.map { .integer($0) }), ("maxLength", maximum.map { .integer($0) }),
            ],
            description,
            example: .string(example)
        )
    }

    /// An absolute URL of a website.
    static func url(_ description: String, _ example: String) -> Self {
        self.text(description, example, pattern: "^https?://[a-z0-9.-]+(:[0-9]{1,4})?/[a-zA-Z0-9/._~-]*$")
    }

    /// A date and time (RFC 3339).
    static func time(_ description: String) -> Self {
        Self([("type", "string"), ("format", "date-time")], description, example: "2026-01-01T00:00:00Z")
    }

    /// One of several words.
    static func word(_ description: String, of words: [String]) -> Self {
        Self(
            [("type", "string"), ("enum", .array(words.map { .string($0) }))],
            description,
            example: words.first.map { .string($0) } ?? .null
        )
    }

    static func boolean(_ description: String, _ example: Bool = true) -> Self {
        Self([("type", "boolean")], description, example: .boolean(example))
    }

    static func integer(
        _ description: String,
        _ example: Int,
        from minimum: Int? = 0,
        to maximum: Int? = nil,
        usually value: Int? = nil
    ) -> Self {
        Self(
            [
                ("type", "integer"), ("minimum", minimum.map { .integer($0) }),
                ("maximum", maximum.map { .integer($0) }), ("default", value.map { .integer($0) }),
            ],
            description,
            example: .integer(example)
        )
    }

    static func number(_ description: String, _ example: Double, from minimum: Int? = nil, to maximum: Int? = nil)
        -> Self
    {
        Self(
            [
                ("type", "number"), ("minimum", minimum.map { .integer($0) }),
                ("maximum", maximum.map { .integer($0) }),
            ],
            description,
            example: .number(example)
        )
    }

    /// A duration in milliseconds, for fields whose name ends in `_ms`.
    static func milliseconds(_ description: String, _ example: Double = 12.5) -> Self {
        self.number(description, example, from: 0)
    }

    /// A share from 0 to 1, for fields whose name ends in `_ratio`.
    static func ratio(_ description: String, _ example: Double = 0.25) -> Self {
        self.number(description, example, from: 0, to: 1)
    }

    /// The only value that is valid.
    static func constant(_ description: String, _ value: JSONValue) -> Self {
        Self([("const", value)], description, example: value)
    }

    // MARK: Composed values

    static func list(of element: Self, _ description: String = "", minimum: Int? = nil) -> Self {
        var schema = Self(
            [("type", "array"), ("items", element.json), ("minItems", minimum.map { .integer($0) })],
            description,
            example: [element.example]
        )
        schema.components = element.components
        return schema
    }

    /// An object with these members.
    ///
    /// - Parameters:
    ///   - members: Those that it always has.
    ///   - optional: Those that it may have.
    ///   - others: The schema of members of any other name; nil if there are none.
    static func object(
        _ members: Members = [:],
        optional: Members = [:],
        others: Self? = nil,
        _ description: String = ""
    ) -> Self {
        let all = members.pairs + optional.pairs
        var schema = Self(
            [
                ("type", "object"),
                ("required", members.pairs.isEmpty ? nil : .array(members.pairs.map { .string($0.name) })),
                ("properties", all.isEmpty ? nil : .object(all.map { .init(name: $0, value: $1.json) })),
                ("additionalProperties", others?.json ?? false),
            ],
            description,
            example: .object(all.map { .init(name: $0, value: $1.example) })
        )
        for (_, member) in all { schema.add(member) }
        if let others { schema.add(others) }
        return schema
    }

    /// An object whose members have any name, with an example of a name.
    static func map(of value: Self, _ description: String = "", _ name: String) -> Self {
        var schema = Self.object(others: value, description)
        schema.example = .object([.init(name: name, value: value.example)])
        return schema
    }

    /// A value of one of several schemas.
    static func anyOf(_ schemas: [Self], _ description: String = "") -> Self {
        var schema = Self(
            [("anyOf", .array(schemas.map(\.json)))],
            description,
            example: schemas.first?.example ?? .null
        )
        for choice in schemas { schema.add(choice) }
        return schema
    }

    /// The value, or null.
    var orNull: Self {
        var schema = self
        guard let index = self.members.firstIndex(where: { $0.name == "type" }),
            !self.members.contains(where: { $0.name == "enum" })
        else {
            schema.members = [.init(name: "anyOf", value: [self.json, ["type": "null"]])]
            return schema
        }
        schema.members[index].value = .array([self.members[index].value, "null"])
        return schema
    }

    /// The schema as a component of the document, which other schemas refer to by a name.
    func named(_ name: String) -> Self {
        var schema = Self([("$ref", .string("#/components/schemas/\(name)"))], example: self.example)
        schema.components = self.components
        schema.components[name] = self.json
        return schema
    }

    /// The schema of those of its values that are one of several words.
    func restricted(to words: [String]) -> Self {
        var schema = self
        schema.members.append(.init(name: "enum", value: .array(words.map { .string($0) })))
        if let word = words.first { schema.example = .string(word) }
        return schema
    }

    private mutating func add(_ other: Self) { self.components.merge(other.components) { own, _ in own } }
}

extension APISchema {
    /// The members of an object, in their order.
    struct Members: ExpressibleByDictionaryLiteral, Sendable {
        fileprivate var pairs: [(name: String, schema: APISchema)]

        init(dictionaryLiteral elements: (String, APISchema)...) {
            self.pairs = elements.map { (name: $0.0, schema: $0.1) }
        }

        static func + (left: Self, right: Self) -> Self {
            var both = left
            both.pairs += right.pairs
            return both
        }

        /// Those with one of these names.
        func only(_ names: Set<String>) -> Self {
            var some = self
            some.pairs.removeAll { !names.contains($0.name) }
            return some
        }

        /// Those with none of these names.
        func without(_ names: Set<String>) -> Self {
            var some = self
            some.pairs.removeAll { names.contains($0.name) }
            return some
        }

        /// The members, each of which may also be null.
        var orNull: Self {
            var some = self
            for index in some.pairs.indices { some.pairs[index].schema = some.pairs[index].schema.orNull }
            return some
        }
    }
}
