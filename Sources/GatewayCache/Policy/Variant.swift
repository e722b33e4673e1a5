package import GatewayHTTP

/// What selects among the responses of one URL (RFC 9111 section 4.1): the values that a request has in the fields that
/// `Vary` names.
package struct Variant: Hashable, Sendable {
    package let names: [HeaderName]
    package let values: [[UInt8]]

    package init(_ names: [HeaderName], of request: borrowing HeaderBlock) {
        self.names = names
        var values: [[UInt8]] = []
        for name in names { values.append(Self.value(of: name, in: request)) }
        self.values = values
    }

    /// The fields that a response names, in a fixed order.
    package static func names(in response: borrowing HeaderBlock) -> [HeaderName] {
        guard response.contains(.vary) else { return [] }
        var names: [String: HeaderName] = [:]
        response.forEachMember(of: .vary) { member in
            let text = String(decoding: member, as: UTF8.self)
            if let name = HeaderName(validating: text) { names[text.lowercased()] = name }
        }
        return names.sorted { $0.key < $1.key }.map(\.value)
    }

    /// Whether a request selects this variant.
    package func selects(_ request: borrowing HeaderBlock) -> Bool {
        for (name, value) in zip(self.names, self.values) where Self.value(of: name, in: request) != value {
            return false
        }
        return true
    }

    /// The lines of a field, joined and without blanks. Which codings are accepted counts as a set, and languages count
    /// without regard to case.
    private static func value(of name: HeaderName, in request: borrowing HeaderBlock) -> [UInt8] {
        var members: [[UInt8]] = []
        var isPresent = false
        for field in request.fields where request.matches(field, name) {
            isPresent = true
            request.withBytes(field.value) { value in
                FieldList.forEachMember(of: value) { member in
                    let ignoresCase = name.id == .acceptEncoding || name.id == .unknown && self.isLanguage(name)
                    members.append(member.filter { $0 != 0x20 && $0 != 0x09 }.map { ignoresCase ? self.lower($0) : $0 })
                }
            }
        }
        guard isPresent else { return [0] }
        if name.id == .acceptEncoding { members = Array(Set(members)).sorted { $0.lexicographicallyPrecedes($1) } }
        return Array(members.joined(separator: [UInt8(ascii: ",")]))
    }

    private static func isLanguage(_ name: HeaderName) -> Bool {
        name.bytes.withUnsafeBytes {
            ByteClass.equalsIgnoringCase($0, UnsafeRawBufferPointer("Accept-Language" as StaticString))
        }
    }

    private static func lower(_ byte: UInt8) -> UInt8 { 0x41...0x5A ~= byte ? byte | 0x20 : byte }
}
