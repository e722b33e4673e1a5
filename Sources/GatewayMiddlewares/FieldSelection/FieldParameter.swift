import GatewayHTTP

/// The parameter of a query that has the expression.
struct FieldParameter {
    enum OnQuery: Equatable {
        case absent
        /// What the client asks for, or nil for everything, and the query without the parameter.
        case taken(FieldExpression?, rest: [UInt8])
        case malformed(FieldExpressionParser.Mistake)
    }

    private let name: [UInt8]

    init(_ name: String) { self.name = Array(name.utf8) }

    /// Takes the parameter out of a query, and reads it. If there are several of the name, what all of them ask for counts.
    ///
    /// - Parameter query: Without the question mark.
    func take(from query: UnsafeRawBufferPointer) -> OnQuery {
        guard self.isPresent(in: query) else { return .absent }
        var draft = FieldExpressionDraft()
        var rest: [UInt8] = []
        var isFirst = true
        var start = 0
        while start <= query.count {
            let end = Self.end(of: start, in: query)
            let parameter = UnsafeRawBufferPointer(rebasing: query[start..<end])
            start = end + 1
            if let value = self.value(of: parameter) {
                do throws(FieldExpressionParser.Mistake) {
                    try FieldExpressionParser.read(Self.decoded(value), into: &draft)
                } catch {
                    return .malformed(error)
                }
                continue
            }
            if !isFirst { rest.append(UInt8(ascii: "&")) }
            isFirst = false
            rest += parameter
        }
        return .taken(draft.isEmpty ? nil : FieldExpression(draft), rest: rest)
    }

    private func isPresent(in query: UnsafeRawBufferPointer) -> Bool {
        var start = 0
        while start < query.count {
            let end = Self.end(of: start, in: query)
            if self.value(of: UnsafeRawBufferPointer(rebasing: query[start..<end])) != nil { return true }
            start = end + 1
        }
        return false
    }

    private static func end(of start: Int, in query: UnsafeRawBufferPointer) -> Int {
        var end = start
        while end < query.count, query[end] != UInt8(ascii: "&") { end += 1 }
        return end
    }

    /// Returns the value of a parameter, or nil if it has another name. Names are compared decoded, so that no spelling of
    /// this one reaches the upstream.
    private func value(of parameter: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        var index = 0
        for expected in self.name {
            guard index < parameter.count else { return nil }
            var byte = parameter[index]
            if byte == UInt8(ascii: "%"), let escaped = PercentEncoding.byte(at: index, of: parameter) {
                byte = escaped
                index += 2
            } else if byte == UInt8(ascii: "+") {
                byte = 0x20
            }
            guard byte == expected else { return nil }
            index += 1
        }
        if index == parameter.count { return UnsafeRawBufferPointer(start: nil, count: 0) }
        guard parameter[index] == UInt8(ascii: "=") else { return nil }
        return UnsafeRawBufferPointer(rebasing: parameter[(index + 1)...])
    }

    /// Decodes the value of a parameter as forms are encoded. Incomplete escapes remain unchanged.
    private static func decoded(_ value: UnsafeRawBufferPointer) -> ContiguousArray<UInt8> {
        var text: ContiguousArray<UInt8> = []
        text.reserveCapacity(value.count)
        var index = 0
        while index < value.count {
            if let byte = PercentEncoding.byte(at: index, of: value) {
                text.append(byte)
                index += 3
            } else {
                text.append(value[index] == UInt8(ascii: "+") ? 0x20 : value[index])
                index += 1
            }
        }
        return text
    }
}
