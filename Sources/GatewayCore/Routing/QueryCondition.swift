import GatewayHTTP

/// A query parameter that a route requires of a request.
///
/// Names and values are compared after form decoding (`+` is a space). If a parameter occurs more than once, one
/// match is enough.
package struct QueryCondition: Sendable, Equatable {
    package let name: String
    /// The required value, or nil for any value, including none.
    let value: String?

    private let nameBytes: [UInt8]
    private let valueBytes: [UInt8]

    /// - Parameter value: The exact value, or `*` for any.
    init(name: String, value: String) {
        self.name = name
        self.value = value == "*" ? nil : value
        self.nameBytes = Array(name.utf8)
        self.valueBytes = Array(value.utf8)
    }

    /// Returns whether the query meets the condition.
    ///
    /// - Parameter query: The query without the question mark.
    package func accepts(_ query: UnsafeRawBufferPointer) -> Bool {
        var start = 0
        while start < query.count {
            var end = start
            var separator = -1
            while end < query.count, query[end] != UInt8(ascii: "&") {
                if separator < 0, query[end] == UInt8(ascii: "=") { separator = end }
                end += 1
            }
            let nameEnd = separator < 0 ? end : separator
            if nameEnd > start, decoded(query[start..<nameEnd], equals: nameBytes) {
                let valueStart = separator < 0 ? end : separator + 1
                if value == nil || decoded(query[valueStart..<end], equals: valueBytes) { return true }
            }
            start = end + 1
        }
        return false
    }

    /// Returns whether `bytes` decode to `expected`. Malformed escapes are taken literally.
    private func decoded(_ bytes: Slice<UnsafeRawBufferPointer>, equals expected: [UInt8]) -> Bool {
        guard bytes.count >= expected.count else { return false }
        let bytes = UnsafeRawBufferPointer(rebasing: bytes)
        var index = 0
        var position = 0
        while index < bytes.count {
            guard position < expected.count else { return false }
            var byte = bytes[index]
            if byte == UInt8(ascii: "+") {
                byte = UInt8(ascii: " ")
            } else if let decoded = PercentEncoding.byte(at: index, of: bytes) {
                byte = decoded
                index += 2
            }
            if byte != expected[position] { return false }
            index += 1
            position += 1
        }
        return position == expected.count
    }
}
