/// A route's `strip_prefix`: whole segments taken off the front of a path.
package struct PathPrefix: Sendable, Equatable {
    /// Without a slash at the end; empty where nothing is taken off.
    package let bytes: [UInt8]

    /// Takes nothing off.
    package init() { bytes = [] }

    /// - Parameter text: literal segments; a slash at the end does not count.
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

    /// How many bytes of a normalised path come off: all of them where only the prefix is there, none where it is not.
    package func strippedLength(of path: UnsafeRawBufferPointer) -> Int {
        let length = bytes.count
        guard path.count >= length, path.count == length || path[length] == UInt8(ascii: "/") else { return 0 }
        for index in 0..<length where path[index] != bytes[index] { return 0 }
        return length
    }
}
