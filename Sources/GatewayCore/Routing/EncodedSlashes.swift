import GatewayHTTP
import GatewaySettings

/// The possible interpretations of a normalized path that contains `%2F` or `%5C`.
///
/// The gateway treats an encoded slash or backslash as an ordinary character of a segment. An upstream may decode
/// either to a slash and may then resolve dot segments. The gateway rejects a request if one of these interpretations
/// matches a different route than the original path, so that an encoded slash cannot bypass an access rule or limit.
/// Paths without encoded slashes are not checked.
package enum EncodedSlashes {
    /// The escapes that a server decodes to a slash.
    private struct Decoding {
        var slash: Bool
        var backslash: Bool

        /// Returns the possible decodings of a path. There is more than one only if the path contains both escapes.
        static func all(for path: UnsafeRawBufferPointer) -> [Decoding] {
            let both = Decoding(slash: true, backslash: true)
            guard EncodedSlashes.contains(path, "2F"), EncodedSlashes.contains(path, "5C") else { return [both] }
            return [both, Decoding(slash: true, backslash: false), Decoding(slash: false, backslash: true)]
        }

        func decode(_ path: UnsafeRawBufferPointer) -> [UInt8] {
            var decoded: [UInt8] = []
            decoded.reserveCapacity(path.count)
            var index = 0
            while index < path.count {
                if self.slash && EncodedSlashes.isEscape("2F", at: index, in: path)
                    || self.backslash && EncodedSlashes.isEscape("5C", at: index, in: path)
                {
                    decoded.append(UInt8(ascii: "/"))
                    index += 3
                } else {
                    decoded.append(path[index])
                    index += 1
                }
            }
            return decoded
        }
    }

    /// Returns whether a path contains encoded slashes or backslashes.
    ///
    /// - Parameter path: The normalized path.
    package static func arePresent(in path: UnsafeRawBufferPointer) -> Bool {
        self.contains(path, "2F") || self.contains(path, "5C")
    }

    /// Returns whether no interpretation of a path matches a different route. An interpretation that matches no route
    /// is allowed unless it climbs out of what the route captured, so that `/projects/{id}` accepts
    /// `/projects/group%2Fproject`.
    ///
    /// - Parameters:
    ///   - path: The normalized path.
    ///   - captures: The captures of the matching route.
    ///   - choice: Returns the routing result for a path.
    package static func agree(
        in path: UnsafeRawBufferPointer,
        _ captures: PathCaptures,
        on choice: (UnsafeRawBufferPointer) -> RouteChoice
    ) -> Bool {
        guard let readings = self.readings(of: path) else { return false }
        let expected = choice(path)
        let staysInside = !captures.ranges.contains { range in
            self.climb(in: UnsafeRawBufferPointer(rebasing: path[range]))
        }
        return readings.allSatisfy { reading in
            let choice = reading.withUnsafeBytes(choice)
            return choice == expected || choice == .noPath && staysInside
        }
    }

    /// Returns the normalized paths that a server may see in place of `path`, or nil if one of the interpretations is
    /// invalid, such as one that climbs above the root.
    package static func readings(of path: UnsafeRawBufferPointer) -> Set<[UInt8]>? {
        var readings: Set<[UInt8]> = []
        for decoding in Decoding.all(for: path) {
            let decoded = decoding.decode(path)
            var resolved: [UInt8] = []
            switch decoded.withUnsafeBytes({ PathNormalizer.normalize($0, into: &resolved) }) {
            case .unchanged: readings.insert(decoded)
            case .rewritten: readings.insert(resolved)
            case .invalid: return nil
            }
            let segments = decoded.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            guard segments.contains(where: { self.dots(in: $0) > 0 }) else { continue }
            // A server may not resolve dot segments at all.
            readings.insert(self.joined(segments))
            // RFC 3986 section 5.2.4: a server that does not merge slashes first removes an empty segment for "..".
            readings.insert(self.joined(self.resolved(segments)))
        }
        return readings
    }

    /// Returns whether `bytes`, a part of a normalized path, climbs above its start if a server decodes the slashes.
    static func climb(in bytes: UnsafeRawBufferPointer) -> Bool {
        Decoding.all(for: bytes).contains { decoding in
            var depth = 0
            for segment in decoding.decode(bytes).split(separator: UInt8(ascii: "/")) {
                switch self.dots(in: segment) {
                case 0: depth += 1
                case 1: break
                default: depth -= 1
                }
                if depth < 0 { return true }
            }
            return false
        }
    }

    private static func resolved(_ segments: [ArraySlice<UInt8>]) -> [ArraySlice<UInt8>] {
        var resolved: [ArraySlice<UInt8>] = []
        for (index, segment) in segments.enumerated() {
            let dots = self.dots(in: segment)
            if dots == 2 { _ = resolved.popLast() }
            if dots == 0 {
                resolved.append(segment)
            } else if index == segments.count - 1 {
                // "/a/.." resolves to "/", with a trailing slash.
                resolved.append([])
            }
        }
        return resolved
    }

    /// Joins segments to a path and merges consecutive slashes.
    private static func joined(_ segments: [ArraySlice<UInt8>]) -> [UInt8] {
        var path: [UInt8] = [UInt8(ascii: "/")]
        for (index, segment) in segments.enumerated() where !segment.isEmpty {
            path += segment
            if index < segments.count - 1 { path.append(UInt8(ascii: "/")) }
        }
        return path
    }

    /// Returns 1 for ".", 2 for ".." and 0 for any other segment.
    private static func dots(in segment: ArraySlice<UInt8>) -> Int {
        segment.count <= 2 && segment.allSatisfy { $0 == UInt8(ascii: ".") } ? segment.count : 0
    }

    private static func contains(_ path: UnsafeRawBufferPointer, _ digits: StaticString) -> Bool {
        path.indices.contains { self.isEscape(digits, at: $0, in: path) }
    }

    /// Returns whether the escape of `digits` begins at `index`. Normalized paths have upper-case digits, and every
    /// "%" begins an escape.
    private static func isEscape(_ digits: StaticString, at index: Int, in path: UnsafeRawBufferPointer) -> Bool {
        path[index] == UInt8(ascii: "%") && index + 2 < path.count && path[index + 1] == digits.utf8Start[0]
            && path[index + 2] == digits.utf8Start[1]
    }
}

/// The result of routing, for comparing two interpretations of a path.
package enum RouteChoice: Hashable {
    /// An admin endpoint that `admin.expose` lists.
    case exposed
    case route(Int)
    /// Routes match the path, but none matches the method, headers and query.
    case refused
    /// No route matches the path.
    case noPath
}

extension Router {
    package func choice<Request: RoutedRequest>(for request: Request) -> RouteChoice {
        var captures = PathCaptures()
        if case .found(_, let route) = self.route(request, captures: &captures) { return .route(route) }
        return self.hasPath(of: request) ? .refused : .noPath
    }
}

extension PathCaptures {
    fileprivate var ranges: [Range<Int>] { (self.parameters + [self.rest].compactMap(\.self)).map(\.range) }
}

extension RoutePlan.Forwarding {
    /// Returns whether the path that is left after `strip_prefix`, or a capture that `rewrite` inserts, climbs above
    /// its start if a server decodes the slashes in it.
    ///
    /// - Parameters:
    ///   - path: The normalized path.
    ///   - captures: The captures of the route.
    package func isLeft(by path: UnsafeRawBufferPointer, _ captures: PathCaptures) -> Bool {
        let start = self.stripPrefix.strippedLength(of: path)
        return (self.rewrite == nil ? [start..<path.count] : captures.ranges).contains { range in
            EncodedSlashes.climb(in: UnsafeRawBufferPointer(rebasing: path[range]))
        }
    }
}

extension GatewayError {
    /// The error for an encoded slash that could bypass a rule.
    package static let ambiguousPath = GatewayError(
        .badRequest,
        detail: "With its encoded slashes decoded, the path would lead elsewhere.",
        reason: "path: an encoded slash that leads to another route when decoded"
    )
}
