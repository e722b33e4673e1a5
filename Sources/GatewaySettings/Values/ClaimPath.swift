/// The name of a claim, else a path through objects: `sub`, `realm_access.roles`.
package struct ClaimPath: Hashable, Sendable {
    private let name: String
    private let steps: [String]

    package init(_ text: String) {
        self.name = text
        self.steps = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    }

    /// The value of the claim, or nil if there is none.
    package func value(in claims: JSONValue) -> JSONValue? {
        if let value = Self.member(self.name, of: claims) { return value }
        guard self.steps.count > 1 else { return nil }
        var value = claims
        for step in self.steps {
            guard let next = Self.member(step, of: value) else { return nil }
            value = next
        }
        return value
    }

    /// The claim as text, if it is a text, a number or a boolean.
    package func text(in claims: JSONValue) -> String? { self.value(in: claims).flatMap(Self.text) }

    /// Whether the claim, or an element of its list, is one of the values.
    package func contains(oneOf values: [String], in claims: JSONValue) -> Bool {
        switch self.value(in: claims) {
        case .array(let elements)?: elements.contains { Self.isText($0, oneOf: values) }
        case let value?: Self.isText(value, oneOf: values)
        case nil: false
        }
    }

    /// Compares byte by byte, not as Swift compares text.
    private static func isText(_ value: JSONValue, oneOf values: [String]) -> Bool {
        guard let text = self.text(value) else { return false }
        return values.contains { $0.utf8.elementsEqual(text.utf8) }
    }

    private static func member(_ name: String, of value: JSONValue) -> JSONValue? {
        guard case .object(let members) = value else { return nil }
        return members.first { $0.name == name }?.value
    }

    private static func text(_ value: JSONValue) -> String? {
        switch value {
        case .string(let text): text
        case .integer(let number): String(number)
        case .number(let number): "\(number)"
        case .boolean(let flag): flag ? "true" : "false"
        case .null, .array, .object: nil
        }
    }
}
