import GatewaySettings

/// Compares values with JSON Schemas, as far as the API's description uses them. What it does not know is a fault.
struct SchemaValidator {
    /// The document that `$ref` refers to.
    let document: JSONValue

    private static let annotations: Set<String> = ["description", "default", "examples"]

    /// What is wrong with a value; empty if nothing is.
    func faults(_ value: JSONValue, _ schema: JSONValue, at path: String = "$") -> [String] {
        guard case .object(let keywords) = schema else {
            return schema == .boolean(true) ? [] : ["\(path): not allowed"]
        }
        return keywords.flatMap { self.faults(value, $0.name, $0.value, schema, at: path) }
    }

    private func faults(
        _ value: JSONValue,
        _ keyword: String,
        _ argument: JSONValue,
        _ schema: JSONValue,
        at path: String
    ) -> [String] {
        switch (keyword, argument) {
        case (let word, _) where Self.annotations.contains(word): []
        case ("$ref", .string(let place)): self.faults(value, self.resolved(place), at: path)
        case ("type", .string(let type)): Self.isType(type, value) ? [] : ["\(path): \(value) is no \(type)"]
        case ("type", .array(let types)):
            types.contains { Self.isType($0.text ?? "", value) } ? [] : ["\(path): \(value) is none of \(types)"]
        case ("enum", .array(let words)): words.contains(value) ? [] : ["\(path): \(value) is none of \(words)"]
        case ("const", _): value == argument ? [] : ["\(path): \(value) is not \(argument)"]
        case ("minimum", _): Self.compare(value, argument, path) { $0 >= $1 }
        case ("maximum", _): Self.compare(value, argument, path) { $0 <= $1 }
        case ("minLength", .integer(let length)):
            (value.text?.unicodeScalars.count ?? length) >= length ? [] : ["\(path): too short"]
        case ("maxLength", .integer(let length)):
            (value.text?.unicodeScalars.count ?? 0) <= length ? [] : ["\(path): too long"]
        case ("minItems", .integer(let count)):
            (value.elements?.count ?? count) >= count ? [] : ["\(path): too few elements"]
        case ("pattern", .string(let pattern)): Self.match(value, pattern, path)
        case ("format", .string(let format)): Self.format(value, format, path)
        case ("items", _):
            (value.elements ?? []).enumerated().flatMap { self.faults($1, argument, at: "\(path)[\($0)]") }
        case ("required", .array(let names)):
            value.members == nil
                ? [] : names.compactMap { $0.text }.filter { value[$0] == nil }.map { "\(path): no \($0)" }
        case ("properties", .object(let properties)):
            properties.flatMap { property in
                value[property.name].map { self.faults($0, property.value, at: "\(path).\(property.name)") } ?? []
            }
        case ("additionalProperties", _):
            (value.members ?? []).filter { schema["properties"]?[$0.name] == nil }
                .flatMap { self.faults($0.value, argument, at: "\(path).\($0.name)") }
        case ("anyOf", .array(let choices)):
            choices.contains { self.faults(value, $0, at: path).isEmpty } ? [] : ["\(path): \(value) fits no choice"]
        case ("allOf", .array(let parts)): parts.flatMap { self.faults(value, $0, at: path) }
        default: ["\(path): unknown keyword \(keyword)"]
        }
    }

    /// The part of the document at `#/a/b`.
    func resolved(_ place: String) -> JSONValue {
        place.dropFirst(2).split(separator: "/").reduce(self.document) { $0[String($1)] ?? false }
    }

    private static func isType(_ type: String, _ value: JSONValue) -> Bool {
        switch (type, value) {
        case ("null", .null), ("boolean", .boolean), ("string", .string), ("array", .array), ("object", .object),
            ("integer", .integer), ("number", .integer), ("number", .number):
            true
        default: false
        }
    }

    private static func compare(
        _ value: JSONValue,
        _ limit: JSONValue,
        _ path: String,
        _ holds: (Double, Double) -> Bool
    ) -> [String] {
        guard let number = value.double, let limit = limit.double else { return [] }
        return holds(number, limit) ? [] : ["\(path): \(number) is beyond \(limit)"]
    }

    private static func match(_ value: JSONValue, _ pattern: String, _ path: String) -> [String] {
        guard let text = value.text else { return [] }
        guard let regex = try? Regex(pattern) else { return ["\(path): \(pattern) is no pattern"] }
        return text.contains(regex) ? [] : ["\(path): \(text) does not match \(pattern)"]
    }

    private static func format(_ value: JSONValue, _ format: String, _ path: String) -> [String] {
        guard let text = value.text else { return [] }
        switch format {
        case "date-time":
            let isTime = text.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z/) != nil
            return isTime ? [] : ["\(path): \(text) is no time"]
        case "uri-reference": return []
        default: return ["\(path): unknown format \(format)"]
        }
    }
}

extension JSONValue {
    var text: String? { if case .string(let text) = self { text } else { nil } }
    var elements: [JSONValue]? { if case .array(let elements) = self { elements } else { nil } }
    var members: [Member]? { if case .object(let members) = self { members } else { nil } }

    fileprivate var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }
}
