@testable import Gateway
@testable import GatewayCore
@testable import GatewayHTTP
@testable import GatewayHTTP1
@testable import GatewaySettings

/// Patterns of hosts and paths, and how requests are routed. Lines: a host pattern, the host and the path of a
/// request, and then path patterns.
enum RouteCheck {
    static func check(_ input: [UInt8]) throws(BrokenProperty) {
        let lines = input.lines
        let texts = lines.map { String(decoding: $0, as: UTF8.self) }
        guard let hostPattern = texts.first else { return }
        let host = lines.count > 1 ? lines[1] : []
        try self.checkHost(hostPattern, against: host)
        var patterns: [RoutePattern] = []
        for text in texts.dropFirst(3).prefix(16) {
            if let pattern = try self.pattern(text) { patterns.append(pattern) }
        }
        guard lines.count > 2, let path = PathCheck.normal(lines[2]) else { return }
        try self.checkRouting(path, among: patterns)
    }

    // MARK: Hosts

    private static func checkHost(_ text: String, against host: [UInt8]) throws(BrokenProperty) {
        let pattern: HostPattern
        do throws(HostPattern.ParseError) {
            pattern = try HostPattern(text)
        } catch {
            return try hold(!error.message.isEmpty, "a host is rejected without a message")
        }
        let written =
            switch pattern {
            case .any: "*"
            case .exact(let name): name
            case .suffix(let suffix): "*" + suffix
            }
        try hold((try? HostPattern(written)) == pattern, "the host changes when written again")
        var hosts = [host]
        switch pattern {
        case .any: break
        case .exact(let name): hosts += [name, name.uppercased(), name + ":80"].map { Array($0.utf8) }
        case .suffix(let suffix): hosts += ["a" + suffix, "a.b" + suffix.uppercased() + ":1"].map { Array($0.utf8) }
        }
        for (index, host) in hosts.enumerated() {
            let found = host.withUnsafeBytes { bytes -> (isHost: Bool, matches: Bool, isInTable: Bool) in
                let isFound = HostTable([pattern]).entry(for: bytes) != nil
                return (ByteClass.isAuthority(bytes), pattern.matches(bytes), isFound)
            }
            try hold(!found.isHost || found.matches == found.isInTable, "the table matches differently")
            try hold(index == 0 || found.matches, "the pattern does not match \(String(decoding: host, as: UTF8.self))")
        }
    }

    // MARK: Paths

    private static func pattern(_ text: String) throws(BrokenProperty) -> RoutePattern? {
        let pattern: RoutePattern
        do throws(RoutePattern.ParseError) {
            pattern = try RoutePattern(text)
        } catch {
            try hold(!error.message.isEmpty, "a path is rejected without a message")
            return nil
        }
        let written = self.text(of: pattern, rest: "*")
        try hold((try? RoutePattern(written)) == pattern, "the path changes when written again")
        // The two grammars agree on the names of the parts.
        if let names = try? PathPattern.names(in: text) {
            try hold(names == pattern.parameters + (pattern.takesRest ? ["rest"] : []), "the names differ")
        }
        return pattern
    }

    /// - Parameter rest: The text that replaces `/*`.
    private static func text(of pattern: RoutePattern, rest: String) -> String {
        let segments = pattern.segments.map { segment in
            switch segment {
            case .literal(let bytes): String(decoding: bytes, as: UTF8.self)
            case .parameter(let name): "{\(name)}"
            }
        }
        return "/" + (segments + (pattern.takesRest ? [rest] : [])).joined(separator: "/")
    }

    private static func checkRouting(_ path: [UInt8], among patterns: [RoutePattern]) throws(BrokenProperty) {
        let found = try self.route(path, among: patterns)
        let takers = patterns.filter { pattern in path.withUnsafeBytes { pattern.matches($0) } }
        guard let found else { return try hold(takers.isEmpty, "no route is found, though one matches") }
        let pattern = patterns[found.route]
        try hold(takers.contains(pattern), "a route is found that does not match the path")
        let again = try self.route(path, among: patterns)
        try hold(again?.route == found.route && again?.captures == found.captures, "the second result differs")
        let turned = try self.route(path, among: patterns.reversed()).map { patterns[patterns.count - 1 - $0.route] }
        let shape = turned.map { self.shape(of: $0) }
        try hold(shape == self.shape(of: pattern), "the order of routes changes the result")
        try hold(self.isPutTogether(path, pattern, found.captures), "the captures do not make up the path")
        try self.checkEncodedSlashes(in: path, found, among: patterns)
    }

    /// A server that decodes slashes sees a path of the same route, or of none.
    private static func checkEncodedSlashes(
        in path: [UInt8],
        _ found: Found,
        among patterns: [RoutePattern]
    ) throws(BrokenProperty) {
        guard path.withUnsafeBytes({ EncodedSlashes.arePresent(in: $0) }),
            let router = try? Router(routes: self.routes(patterns))
        else { return }
        let isAccepted = path.withUnsafeBytes { path in
            EncodedSlashes.agree(in: path, found.captures) { router.choice(for: PathRequest(path: $0)) }
        }
        guard isAccepted else { return }
        for escapes in [["%2F"], ["%5C"], ["%2F", "%5C"]] {
            var decoded = String(decoding: path, as: UTF8.self)[...]
            var seen: [UInt8] = []
            while !decoded.isEmpty {
                if let escape = escapes.first(where: decoded.hasPrefix) {
                    seen.append(UInt8(ascii: "/"))
                    decoded = decoded.dropFirst(escape.count)
                } else {
                    seen += decoded.prefix(1).utf8
                    decoded = decoded.dropFirst()
                }
            }
            guard let seen = PathCheck.normal(seen) else {
                throw BrokenProperty(description: "with decoded slashes the path is rejected")
            }
            let choice = seen.withUnsafeBytes { router.choice(for: PathRequest(path: $0)) }
            try hold(
                choice == .route(found.route) || choice == .noPath,
                "with decoded slashes another route matches"
            )
        }
    }

    private static func routes(_ patterns: [RoutePattern]) -> [(match: RouteMatch, plan: Void)] {
        patterns.map { (match: RouteMatch(path: self.text(of: $0, rest: "*")), plan: ()) }
    }

    private struct Found {
        let route: Int
        let captures: PathCaptures
    }

    private static func route(_ path: [UInt8], among patterns: [RoutePattern]) throws(BrokenProperty) -> Found? {
        guard let router = try? Router(routes: self.routes(patterns)) else {
            throw BrokenProperty(description: "patterns that are valid alone are rejected together")
        }
        var captures = PathCaptures()
        let result = path.withUnsafeBytes { path in
            router.route(PathRequest(path: path), captures: &captures)
        }
        guard case .found(_, let route) = result else { return nil }
        return Found(route: route, captures: captures)
    }

    /// The segments without parameter names, which have no effect.
    private static func shape(of pattern: RoutePattern) -> [[UInt8]] {
        let segments: [[UInt8]] = pattern.segments.map { segment in
            switch segment {
            case .literal(let bytes): bytes
            case .parameter: [0]
            }
        }
        return segments + [[pattern.takesRest ? 1 : 2]]
    }

    private static func isPutTogether(_ path: [UInt8], _ pattern: RoutePattern, _ captures: PathCaptures) -> Bool {
        guard captures.parameters.count == pattern.parameters.count, (captures.rest != nil) == pattern.takesRest else {
            return false
        }
        var taken = captures.parameters.makeIterator()
        var whole: [UInt8] = []
        for segment in pattern.segments {
            whole.append(UInt8(ascii: "/"))
            switch segment {
            case .literal(let bytes): whole += bytes
            case .parameter:
                guard let span = taken.next(), span.length > 0 else { return false }
                whole += path[span.range]
            }
        }
        guard let rest = captures.rest else { return whole == path }
        // `/x/*` matches `/x` too.
        return whole + [UInt8(ascii: "/")] + path[rest.range] == path || rest.length == 0 && whole == path
    }
}

/// `GET` of a path, at any host.
private struct PathRequest: RoutedRequest {
    let path: UnsafeRawBufferPointer
    let method = UnsafeRawBufferPointer(start: nil, count: 0)
    let host = UnsafeRawBufferPointer(start: nil, count: 0)
    let query = UnsafeRawBufferPointer(start: nil, count: 0)

    func satisfies(_ condition: HeaderCondition) -> Bool { false }
}
