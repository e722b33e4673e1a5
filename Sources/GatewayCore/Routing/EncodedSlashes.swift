import GatewayHTTP
import GatewaySettings

/// The readings of a normalised path that contains `%2F` or `%5C`.
///
/// To the gateway an encoded slash or backslash is an ordinary character of a segment. A server behind it may decode
/// either of them to a slash and then resolve dot segments, or not. A request is refused if one of these readings leads
/// to another route than the path as it was sent, so that no access rule or limit can be avoided by an encoded slash.
/// Paths without encoded slashes never get here.
package enum EncodedSlashes {
    /// What a server takes for a slash.
    private struct Decoding {
        package var slash: Bool
        package var backslash: Bool

        /// Each way to read a path; more than one only where it has both characters.
        package static func all(for path: UnsafeRawBufferPointer) -> [Decoding] {
            let both = Decoding(slash: true, backslash: true)
            guard EncodedSlashes.contains(path, "2F"), EncodedSlashes.contains(path, "5C") else { return [both] }
            return [both, Decoding(slash: true, backslash: false), Decoding(slash: false, backslash: true)]
        }

        package func decode(_ path: UnsafeRawBufferPointer) -> [UInt8] {
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

    /// - Parameter path: in normal form.
    package static func arePresent(in path: UnsafeRawBufferPointer) -> Bool {
        self.contains(path, "2F") || self.contains(path, "5C")
    }

    /// Whether no reading of a path leads to another route. One that no route has a path for is allowed, so that
    /// `/projects/{id}` accepts `/projects/group%2Fproject`, unless it climbs out of what the route captured.
    ///
    /// - Parameters:
    ///   - path: in normal form.
    ///   - captures: what the chosen route's pattern took from the path.
    ///   - choice: what becomes of the request with the given path.
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

    /// Every path, in normal form, that a server may read; nil if one of the readings is refused, such as one that
    /// climbs above the root.
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
            // A server that never resolves dot segments.
            readings.insert(self.joined(segments))
            // RFC 3986 section 5.2.4: without making runs of slashes one first, ".." removes an empty segment.
            readings.insert(self.joined(self.resolved(segments)))
        }
        return readings
    }

    /// Whether a server that decodes slashes leaves the place that `bytes`, part of a path in normal form, is put at.
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
                // "/a/.." is "/", with the slash.
                resolved.append([])
            }
        }
        return resolved
    }

    /// With runs of slashes made one.
    private static func joined(_ segments: [ArraySlice<UInt8>]) -> [UInt8] {
        var path: [UInt8] = [UInt8(ascii: "/")]
        for (index, segment) in segments.enumerated() where !segment.isEmpty {
            path += segment
            if index < segments.count - 1 { path.append(UInt8(ascii: "/")) }
        }
        return path
    }

    /// 1 for ".", 2 for "..", 0 for any other segment.
    private static func dots(in segment: ArraySlice<UInt8>) -> Int {
        segment.count <= 2 && segment.allSatisfy { $0 == UInt8(ascii: ".") } ? segment.count : 0
    }

    private static func contains(_ path: UnsafeRawBufferPointer, _ digits: StaticString) -> Bool {
        path.indices.contains { self.isEscape(digits, at: $0, in: path) }
    }

    /// A "%" begins an escape wherever it stands, and normal form has its digits in capitals.
    private static func isEscape(_ digits: StaticString, at index: Int, in path: UnsafeRawBufferPointer) -> Bool {
        path[index] == UInt8(ascii: "%") && index + 2 < path.count && path[index + 1] == digits.utf8Start[0]
            && path[index + 2] == digits.utf8Start[1]
    }
}

/// What routing makes of a request, for comparing two readings of its path.
package enum RouteChoice: Hashable {
    /// An admin endpoint that `admin.expose` names.
    case exposed
    case route(Int)
    /// There are routes for the path, but the method, headers or query fit none of them.
    case refused
    /// No route has such a path.
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
    /// Whether a server that decodes the slashes in what `strip_prefix` leaves of a path, or in what `rewrite` puts in,
    /// climbs out of the place that the route gives it.
    ///
    /// - Parameters:
    ///   - path: in normal form.
    ///   - captures: what the route's pattern took from it.
    package func isLeft(by path: UnsafeRawBufferPointer, _ captures: PathCaptures) -> Bool {
        let start = self.stripPrefix.strippedLength(of: path)
        return (self.rewrite == nil ? [start..<path.count] : captures.ranges).contains { range in
            EncodedSlashes.climb(in: UnsafeRawBufferPointer(rebasing: path[range]))
        }
    }
}

extension GatewayError {
    /// An encoded slash that might pass a rule.
    package static let ambiguousPath = GatewayError(
        .badRequest,
        detail: "With its encoded slashes decoded, the path would lead elsewhere.",
        reason: "path: an encoded slash that leads to another route when decoded"
    )
}
