/// A route's `strip_prefix`: whole segments to remove from the start of a path.
package struct PathPrefix: Sendable, Equatable {
    /// The prefix without a trailing slash. Empty if nothing is removed.
    package let bytes: [UInt8]

    /// Creates a prefix that removes nothing.
    package init() { bytes = [] }

    /// Creates a prefix from literal segments. A trailing slash is ignored.
    package init(_ text: String) throws(RoutePattern.ParseError) {
        var trimmed = text[...]
        while trimmed.hasSuffix("/") { trimmed.removeLast() }
        if trimmed.isEmpty {
            bytes = []
            return
        }
        let pattern = try RoutePattern(String(trimmed))
        guard pattern.parameters.isEmpty, !pattern.takesRest else {
            throw RoutePattern.ParseError(message: "A prefix is literal: for '{name}' and '*' use rewrite.")
        }
        var bytes: [UInt8] = []
        for case .literal(let segment) in pattern.segments {
            bytes.append(UInt8(ascii: "/"))
            bytes += segment
        }
        self.bytes = bytes
    }

    /// Returns the number of bytes to remove from a normalized path: all of them if the path equals the prefix, 0 if it
    /// does not start with it.
    package func strippedLength(of path: UnsafeRawBufferPointer) -> Int {
        let length = bytes.count
        guard path.count >= length, path.count == length || path[length] == UInt8(ascii: "/") else { return 0 }
        for index in 0..<length where path[index] != bytes[index] { return 0 }
        return length
    }
}
