import GatewayHTTP

/// The validated path of a route, split into segments.
///
/// `/x/*` matches `/x`, `/x/` and everything below; the rest is empty for the first two. Otherwise a trailing slash is
/// significant: `/x` and `/x/` are different paths. `{name}` matches one segment that is not empty.
package struct RoutePattern: Sendable, Equatable {
    package enum Segment: Sendable, Equatable {
        /// Normalized. Only the last segment may be empty, which means a trailing slash.
        case literal([UInt8])
        case parameter(String)
    }

    package struct ParseError: Error, Equatable {
        package var message: String
    }

    package let segments: [Segment]
    /// Whether the pattern ends with `/*`.
    package let takesRest: Bool
    /// The names of the parameters, in capture order.
    package let parameters: [String]

    package init(_ text: String) throws(ParseError) {
        // Split by scalars. As a character, a slash or star with a combining accent would not equal "/" or "*".
        let scalars = text.unicodeScalars
        guard scalars.first == "/" else {
            throw ParseError(message: "A path begins with '/': write \"/\(text)\".")
        }
        var parts = scalars.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        let takesRest = parts.last.map { $0.elementsEqual("*".unicodeScalars) } == true
        if takesRest { parts.removeLast() }
        var segments: [Segment] = []
        var parameters: [String] = []
        for (index, part) in parts.enumerated() {
            let isLast = index == parts.count - 1 && !takesRest
            let segment = try Self.parse(part, isLast: isLast)
            if case .parameter(let name) = segment {
                if parameters.contains(name) {
                    throw ParseError(message: "The parameter {\(name)} is there twice: give each its own name.")
                }
                if name == "rest", takesRest {
                    throw ParseError(message: "{rest} is what '/*' takes: give the parameter another name.")
                }
                parameters.append(name)
            }
            segments.append(segment)
        }
        self.segments = segments
        self.takesRest = takesRest
        self.parameters = parameters
    }

    private static func parse(_ part: Substring.UnicodeScalarView, isLast: Bool) throws(ParseError) -> Segment {
        if part.isEmpty {
            guard isLast else {
                throw ParseError(message: "Paths are matched with runs of slashes made one: remove '//'.")
            }
            return .literal([])
        }
        if part.first == "{", part.last == "}" {
            let name = Substring(part.dropFirst().dropLast())
            let isName = name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
            guard !name.isEmpty, isName else {
                throw ParseError(message: "A parameter is '{name}', its name made of letters, digits, '_' and '-'.")
            }
            return .parameter(String(name))
        }
        if part.contains("{") || part.contains("}") || part.contains("*") {
            throw ParseError(
                message: "'\(Substring(part))': '{name}' takes a whole segment and '*' stands alone at the end; "
                    + "write %7B, %7D or %2A for the characters themselves."
            )
        }
        let bytes = [UInt8(ascii: "/")] + PercentEncoding.encoded(Substring(part))
        var normal: [UInt8] = []
        switch bytes.withUnsafeBytes({ PathNormalizer.normalize($0, into: &normal) }) {
        case .unchanged: return .literal(Array(bytes.dropFirst()))
        // A dot segment normalizes to a single slash.
        case .rewritten where normal.count > 1: return .literal(Array(normal.dropFirst()))
        case .rewritten, .invalid:
            throw ParseError(message: "'\(Substring(part))' can never stand in a request's normalised path.")
        }
    }

    /// Whether a matching path may start with the segments of `prefix`, such as `/a/b`.
    func mayBegin(with prefix: [UInt8]) -> Bool {
        let wanted = prefix.split(separator: UInt8(ascii: "/"))
        guard takesRest || wanted.count <= segments.count else { return false }
        return zip(segments, wanted).allSatisfy { segment, part in
            switch segment {
            case .literal(let bytes): bytes.elementsEqual(part)
            case .parameter: true
            }
        }
    }

    /// Whether a normalized path matches this pattern, regardless of other routes.
    package func matches(_ path: UnsafeRawBufferPointer) -> Bool {
        guard path.first == UInt8(ascii: "/") else { return false }
        let parts = path.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard takesRest ? parts.count >= segments.count : parts.count == segments.count else { return false }
        return zip(segments, parts).allSatisfy { segment, part in
            switch segment {
            case .literal(let bytes): bytes.elementsEqual(part)
            case .parameter: !part.isEmpty
            }
        }
    }
}
