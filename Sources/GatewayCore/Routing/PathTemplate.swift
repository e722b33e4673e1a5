import GatewayHTTP
package import GatewaySettings
package import NIOCore

/// A route's `rewrite`: text with placeholders for the captures of the route's path, which are inserted still escaped.
package struct PathTemplate: Sendable, Equatable {
    private enum Part: Equatable {
        case text([UInt8])
        /// The parameter with this index in the pattern.
        case parameter(Int)
        case rest
    }

    package struct ParseError: Error, Equatable {
        package var message: String
    }

    private let parts: [Part]

    /// - Parameter pattern: The pattern of the same route, whose parameters the template may use.
    package init(_ text: String, for pattern: RoutePattern) throws(ParseError) {
        guard text.hasPrefix("/") else {
            throw ParseError(message: "A path begins with '/': write \"/\(text)\".")
        }
        var parts: [Part] = []
        var remaining = text[...]
        while !remaining.isEmpty {
            let literal = remaining.prefix { $0 != "{" }
            if !literal.isEmpty {
                if let wrong = literal.first(where: { "}?#\\".contains($0) }) {
                    throw ParseError(
                        message: "'\(wrong)' may not stand in a path; the client's query is kept without being named."
                    )
                }
                parts.append(.text(PercentEncoding.encoded(literal)))
                remaining = remaining[literal.endIndex...]
            }
            guard remaining.first == "{" else { continue }
            guard let end = remaining.firstIndex(of: "}") else { throw ParseError(message: "A '{' is not closed.") }
            let name = String(remaining[remaining.index(after: remaining.startIndex)..<end])
            remaining = remaining[remaining.index(after: end)...]
            if let index = pattern.parameters.firstIndex(of: name) {
                parts.append(.parameter(index))
            } else if name == "rest", pattern.takesRest {
                parts.append(.rest)
            } else {
                let known = pattern.parameters + (pattern.takesRest ? ["rest"] : [])
                throw ParseError(
                    message: "The route's path has no {\(name)}; "
                        + (known.isEmpty
                            ? "it takes nothing that could be put in."
                            : "it has \(known.map { "{\($0)}" }.joined(separator: ", ")).")
                )
            }
        }
        self.parts = parts
    }

    /// Writes the rewritten path.
    ///
    /// - Parameters:
    ///   - path: The normalized path of the request.
    ///   - captures: The captures of the route's pattern.
    package func write(into buffer: inout ByteBuffer, path: UnsafeRawBufferPointer, captures: PathCaptures) {
        for part in parts {
            switch part {
            case .text(let bytes): buffer.writeBytes(bytes)
            case .parameter(let index):
                if index < captures.parameters.count {
                    buffer.writeBytes(UnsafeRawBufferPointer(rebasing: path[captures.parameters[index].range]))
                }
            case .rest:
                if let rest = captures.rest { buffer.writeBytes(UnsafeRawBufferPointer(rebasing: path[rest.range])) }
            }
        }
    }
}
