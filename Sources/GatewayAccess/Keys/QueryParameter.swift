import GatewayHTTP

/// A parameter of a query that has a credential.
package struct QueryParameter: Sendable {
    private let name: [UInt8]

    package init(_ name: String) { self.name = Array(name.utf8) }

    package enum OnQuery: Equatable {
        case none
        /// The value, still encoded.
        case value(Range<Int>)
        /// The parameter is there more than once.
        case repeated
    }

    /// Looks for the parameter. Names are compared as servers decode them (`+` is a space).
    ///
    /// - Parameter query: The query without the question mark.
    package func find(in query: UnsafeRawBufferPointer) -> OnQuery {
        var found = OnQuery.none
        var start = 0
        while start < query.count {
            let (nameEnd, end) = Self.parameter(from: start, of: query)
            if self.isName(query, start..<nameEnd) {
                if found != .none { return .repeated }
                found = .value(min(nameEnd + 1, end)..<end)
            }
            start = end + 1
        }
        return found
    }

    /// Returns the query without the parameter.
    package func removed(from query: UnsafeRawBufferPointer) -> [UInt8] {
        var rest: [UInt8] = []
        rest.reserveCapacity(query.count)
        var start = 0
        while start < query.count {
            let (nameEnd, end) = Self.parameter(from: start, of: query)
            if !self.isName(query, start..<nameEnd) {
                if !rest.isEmpty { rest.append(UInt8(ascii: "&")) }
                rest += query[start..<end]
            }
            start = end + 1
        }
        return rest
    }

    /// Decodes a value, and calls `body` with it. The bytes are valid only inside `body`.
    package static func withDecoded<Result>(
        _ value: UnsafeRawBufferPointer,
        _ body: (UnsafeRawBufferPointer) -> Result
    ) -> Result {
        guard value.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }) else { return body(value) }
        return withUnsafeTemporaryAllocation(byteCount: value.count, alignment: 1) { decoded in
            var (index, count) = (0, 0)
            while index < value.count {
                decoded[count] = Self.byte(&index, of: value)
                count += 1
            }
            return body(UnsafeRawBufferPointer(rebasing: decoded[..<count]))
        }
    }

    /// Returns where the name of the parameter ends that begins at `start`, and where its value does.
    private static func parameter(from start: Int, of query: UnsafeRawBufferPointer) -> (nameEnd: Int, end: Int) {
        var end = start
        var nameEnd = -1
        while end < query.count, query[end] != UInt8(ascii: "&") {
            if nameEnd < 0, query[end] == UInt8(ascii: "=") { nameEnd = end }
            end += 1
        }
        return (nameEnd < 0 ? end : nameEnd, end)
    }

    private func isName(_ query: UnsafeRawBufferPointer, _ range: Range<Int>) -> Bool {
        guard range.count >= self.name.count else { return false }
        let written = UnsafeRawBufferPointer(rebasing: query[range])
        var (index, position) = (0, 0)
        while index < written.count {
            guard position < self.name.count, Self.byte(&index, of: written) == self.name[position] else {
                return false
            }
            position += 1
        }
        return position == self.name.count
    }

    /// Returns the decoded byte at `index`, and moves `index` to the next. Malformed escapes are taken literally.
    private static func byte(_ index: inout Int, of text: UnsafeRawBufferPointer) -> UInt8 {
        if let decoded = PercentEncoding.byte(at: index, of: text) {
            index += 3
            return decoded
        }
        let byte = text[index]
        index += 1
        return byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte
    }
}
