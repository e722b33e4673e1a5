extension ConfigurationValidator {
    package mutating func validate(_ route: RouteConfiguration, at path: SettingPath) {
        let names = validatePath(route, at: path)
        match(route, at: path)
        destination(route, at: path)
        forwarding(route, names: names, at: path)
        for (index, policy) in route.policies.enumerated() where configuration.policies[policy] == nil {
            report(
                path + "policies" + index,
                "there is no policy \(JSONText.quoted(policy))",
                Self.suggestion(policy, among: configuration.policies.keys, or: "add [policies.\(Self.key(policy))]")
            )
        }
    }

    mutating func routeNames() {
        var first: [String: Int] = [:]
        for (index, route) in configuration.routes.enumerated() where !route.name.isEmpty {
            let path = SettingPath("routes") + index + "name"
            if let earlier = first[route.name] {
                report(
                    path,
                    "\(JSONText.quoted(route.name)) is also the name of routes[\(earlier)]\(line(of: earlier))",
                    "write \(JSONText.quoted(unusedName(like: route.name)))"
                )
            }
            first[route.name] = first[route.name] ?? index
            if route.name.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) {
                let plain = String(route.name.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F })
                report(
                    path,
                    "the name has control characters",
                    "write \(JSONText.quoted(plain.isEmpty ? "route" : plain))"
                )
            }
            // The gateway uses such labels for requests that match no route and for its own endpoints.
            if route.name.hasPrefix("_") {
                let rest = route.name.drop { $0 == "_" }
                report(
                    path,
                    "\(JSONText.quoted(route.name)) begins with \"_\", which is reserved for the gateway's own labels",
                    "write \(JSONText.quoted(rest.isEmpty ? "route" : String(rest)))"
                )
            }
        }
    }

    private func line(of route: Int) -> String {
        let node = configuration.document.root?.node(at: diagnostics.written(SettingPath("routes") + route + "name"))
        return (node?.source.position).map { " in line \($0.line)" } ?? ""
    }

    private func unusedName(like name: String) -> String {
        let names = Set(configuration.routes.map(\.name))
        return (2...(names.count + 2)).lazy.map { "\(name)-\($0)" }.first { !names.contains($0) } ?? name
    }

    /// Returns a name as a component of a dotted key.
    package static func key(_ name: String) -> String { SettingPath(name).description }

    /// Returns the parameter names of the route's path; nil if the path is invalid.
    private mutating func validatePath(_ route: RouteConfiguration, at path: SettingPath) -> [String]? {
        if route.path.isEmpty {
            reportLacking("path", in: path, "the route has no path", "add path = \"/*\" to match every path")
            return nil
        }
        do {
            return try PathPattern.names(in: route.path)
        } catch {
            report(path + "path", .string(route.path), error)
            return nil
        }
    }

    private mutating func match(_ route: RouteConfiguration, at path: SettingPath) {
        for (index, host) in route.hosts.enumerated() {
            if let error = Self.hostError(host, isAlone: route.hosts.count == 1) {
                report(path + "hosts" + index, .string(host), error)
            }
        }
        let known = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]
        for (index, method) in route.methods.enumerated() {
            let place = path + "methods" + index
            if method == "*" {
                report(place, "\"*\" is not a method", "remove methods to match every method")
            } else if !FieldName.isToken(method) {
                let trimmed = method.filter { !$0.isWhitespace }.uppercased()
                let known = NearestName.of(trimmed, among: known) ?? "GET"
                report(place, "\(JSONText.quoted(method)) is not a method", "write \"\(known)\"")
            } else if ["TRACE", "CONNECT"].contains(method.uppercased()) {
                report(place, "the gateway always answers \(method.uppercased()) with 405", "remove it")
            } else if !known.contains(method), known.contains(method.uppercased()) {
                report(
                    place,
                    "\(JSONText.quoted(method)) is not a method: methods are case-sensitive",
                    "write \"\(method.uppercased())\""
                )
            }
        }
        var names: Set<String> = []
        for name in route.matchHeaders.keys.sorted() {
            let place = path + "match_headers" + name
            if !FieldName.isToken(name) {
                report(name: place, "\(JSONText.quoted(name)) is not a header name", Self.headerSuggestion(name))
            } else if !names.insert(name.lowercased()).inserted {
                report(name: place, "\(name) is in the table twice: header names are case-insensitive", "remove it")
            }
        }
        for name in route.matchQuery.keys.sorted() where name.isEmpty {
            report(name: path + "match_query" + name, "a query parameter needs a name", "remove it")
        }
    }

    /// Returns a suggestion with the closest valid header name.
    package static func headerSuggestion(_ name: String) -> String {
        let sound = String(name.map { $0 == " " || $0 == "_" ? "-" : $0 }).filter { FieldName.isToken(String($0)) }
        return sound.isEmpty ? "remove it" : "write \(JSONText.quoted(sound))"
    }

    private static func hostError(_ host: String, isAlone: Bool) -> SettingError? {
        if host == "*" { return nil }
        var name = host.hasPrefix("*.") ? host.dropFirst(2) : host[...]
        if name.utf8.contains(UInt8(ascii: "*")) {
            let suffix = name.split(separator: "*").last?.drop { $0 == "." } ?? ""
            let isSound = HostAndPort.isHostName(suffix)
            return SettingError(
                "has a \"*\" that is not its first label",
                suggestion: "write \"*.\(isSound ? String(suffix) : "example.com")\""
            )
        }
        if name.hasSuffix("."), name.utf8.count > 1 { name.removeLast() }
        if name.utf8.contains(where: { $0 > 0x7F }) {
            return SettingError("is not ASCII", suggestion: "use the name's xn-- form")
        }
        if let (plain, port) = HostAndPort.parse(name) {
            guard let port else { return nil }
            let shown = plain.utf8.contains(0x3A) ? "[\(plain)]" : plain
            return SettingError(
                "has a port, which routes do not match: port \(port) is a matter of server.listen",
                suggestion: "write \(JSONText.quoted(host.hasPrefix("*.") ? "*." + shown : shown))"
            )
        }
        let scheme = name.prefix { $0 != ":" }
        let withoutScheme = name.hasPrefix(scheme + "://") ? name.dropFirst(scheme.count + 3) : name
        let authority = withoutScheme.prefix { $0 != "/" && $0 != "?" }
        if authority != name, let (plain, _) = HostAndPort.parse(authority) {
            return SettingError("is a URL, not a host name", suggestion: "write \(JSONText.quoted(plain))")
        }
        return SettingError("is not a host name", suggestion: isAlone ? "write \"api.example.com\"" : "remove it")
    }

    private mutating func destination(_ route: RouteConfiguration, at path: SettingPath) {
        let given = [route.upstream != nil, route.respond != nil, route.redirect != nil].count { $0 }
        if given == 0 {
            reportLacking(path, "the route has no destination", destinationSuggestion)
        } else if given > 1 {
            report(path, "the route has several destinations", "keep only one of upstream, respond and redirect")
        }
        if let upstream = route.upstream { validate(upstream, at: path + "upstream") }
        if !route.sticky.isEmpty, !FieldName.isToken(route.sticky) {
            report(path + "sticky", "\(JSONText.quoted(route.sticky)) is not a cookie name", "write \"canary_user\"")
        }
        if let respond = route.respond { validate(respond, at: path + "respond") }
        if let redirect = route.redirect { validate(redirect, at: path + "redirect") }
    }

    private mutating func validate(_ upstream: RouteUpstream, at path: SettingPath) {
        switch upstream {
        case .one(let name): if let problem = missing(name) { report(path, problem.problem, problem.suggestion) }
        case .split(let shares):
            for (name, share) in shares.sorted(by: { $0.key < $1.key }) {
                if let problem = missing(name) { report(name: path + name, problem.problem, problem.suggestion) }
                within(RouteUpstream.shares, share, path + name)
            }
            if shares.isEmpty {
                report(path, "the split has no upstreams", evenShares(among: configuration.upstreams.keys.sorted()))
            } else if shares.values.allSatisfy({ $0 == 0 }) {
                report(path, "all shares are 0, so no upstream would get a request", evenShares(among: upstream.names))
            }
        }
    }

    /// Returns a suggestion to split requests evenly between the first two upstreams.
    private func evenShares(among names: [String]) -> String {
        if names.isEmpty { return "define [upstreams.stable], and write { stable = 1 }" }
        let shares = names.prefix(2).map { ($0, SettingValue.integer(1)) }
        return "write \(SettingValue.table(Dictionary(shares) { first, _ in first }).quoted)"
    }

    /// Returns the error for a name without an upstream; nil if there is one, or if it was written with errors.
    private func missing(_ upstream: String) -> SettingError? {
        guard configuration.upstreams[upstream] == nil,
            !diagnostics.hasFailed(SettingPath("upstreams") + upstream)
        else { return nil }
        return SettingError(
            "there is no upstream \(JSONText.quoted(upstream))",
            suggestion: Self.suggestion(
                upstream,
                among: configuration.upstreams.keys,
                or: upstreamSuggestion(upstream)
            )
        )
    }

    private func upstreamSuggestion(_ name: String) -> String {
        let table = "[upstreams.\(Self.key(name))]"
        guard let other = configuration.upstreams.keys.min() else { return "define \(table)" }
        return "write \(JSONText.quoted(other)), or define \(table)"
    }

    private var destinationSuggestion: String {
        guard let name = configuration.upstreams.keys.min() else { return "add respond = { status = 200 }" }
        return "add upstream = \(JSONText.quoted(name)), or else respond or redirect"
    }

    private mutating func validate(_ respond: RespondConfiguration, at path: SettingPath) {
        if !(200...599).contains(respond.status) {
            report(
                path + "status",
                "\(respond.status) is not the status of a response",
                "write a number from 200 to 599"
            )
        }
        if [204, 205, 304].contains(respond.status), !respond.body.isEmpty {
            report(path + "body", "a response with status \(respond.status) has no body", "remove it")
        }
        for (name, value) in respond.headers.sorted(by: { $0.key < $1.key }) {
            let place = path + "headers" + name
            if !FieldName.isToken(name) {
                report(name: place, "\(JSONText.quoted(name)) is not a header name", Self.headerSuggestion(name))
            } else if ["content-length", "transfer-encoding", "connection"].contains(name.lowercased()) {
                report(name: place, "the gateway sets \(name) itself", "remove it")
            } else if value.utf8.contains(where: { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F }) {
                let plain = String(
                    value.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F || $0.value == 9 }
                )
                report(place, "the value has control characters", "write \(JSONText.quoted(plain))")
            }
        }
    }

    private mutating func validate(_ redirect: RedirectConfiguration, at path: SettingPath) {
        if redirect.to.isEmpty {
            reportLacking("to", in: path, "the redirect has no target", "add to = \"https://{host}{uri}\"")
        } else {
            do throws(PlaceholderTemplate.ParseError) {
                let template = try PlaceholderTemplate(redirect.to)
                check(redirect.to, at: path + "to") { _ throws(SettingError) in
                    // Allow braces that are not placeholders.
                    let filled = template.filled(with: "x").filter { $0 != "{" && $0 != "}" }
                    try URIText.check(filled, of: .url, in: redirect.to)
                }
            } catch {
                report(path + "to", error.message, error.suggestion)
            }
        }
        if ![301, 302, 303, 307, 308].contains(redirect.status) {
            report(path + "status", "\(redirect.status) is not a redirect status", "write 301, 302, 303, 307 or 308")
        }
    }

    private mutating func forwarding(_ route: RouteConfiguration, names: [String]?, at path: SettingPath) {
        if !route.stripPrefix.isEmpty {
            stripPrefix(of: route, names: names, at: path + "strip_prefix")
        }
        if !route.rewrite.isEmpty {
            if !route.rewrite.hasPrefix("/") {
                report(
                    path + "rewrite",
                    "\(JSONText.quoted(route.rewrite)) does not begin with \"/\"",
                    "write \(JSONText.quoted("/" + route.rewrite))"
                )
            } else {
                if let names { placeholders(route.rewrite, known: names, at: path + "rewrite") }
                check(route.rewrite, at: path + "rewrite") { text throws(SettingError) in
                    // Only the match of "/*" may be empty.
                    try URIText.checkRequestPath(PathPattern.filled(text) { $0 == "rest" ? "" : "x" }, in: text)
                }
            }
        }
        if route.forwardPath == .original, !route.rewrite.isEmpty || !route.stripPrefix.isEmpty {
            report(
                path + "forward_path",
                "\"original\" forwards the client's path unchanged, but strip_prefix or rewrite changes it",
                "write \"normalized\", or remove strip_prefix and rewrite"
            )
        }
        for (index, token) in route.upgrade.enumerated() where token.lowercased() != "websocket" {
            report(
                path + "upgrade" + index,
                "\(JSONText.quoted(token)) is not a protocol that the gateway can upgrade to",
                "write \"websocket\""
            )
        }
        upgrades(of: route, at: path + "upgrade")
    }

    /// Upgrades exist in HTTP/1.1 only (RFC 9113 section 8.6).
    private mutating func upgrades(of route: RouteConfiguration, at path: SettingPath) {
        guard !route.upgrade.isEmpty else { return }
        for name in route.upstream?.names ?? [] {
            guard let upstream = configuration.upstreams[name] else { continue }
            let usesHTTP2 =
                upstream.http2 == .always
                ? "http2 = true"
                : upstream.targets.contains { if case .h2c = $0.url { true } else { false } } ? "h2c" : nil
            guard let usesHTTP2 else { continue }
            report(
                path,
                "WebSockets go upstream over HTTP/1.1, but upstream \(JSONText.quoted(name)) has \(usesHTTP2)",
                "name an upstream with http or https targets and http2 = \"auto\""
            )
        }
    }

    /// Checks `strip_prefix`. A prefix that no path of the route starts with would never be removed.
    private mutating func stripPrefix(of route: RouteConfiguration, names: [String]?, at place: SettingPath) {
        let prefix = route.stripPrefix
        do {
            if try !PathPattern.names(in: prefix).isEmpty {
                let literal = Self.segments(prefix).prefix { $0 != "*" && !$0.hasPrefix("{") }
                report(
                    place,
                    "\(JSONText.quoted(prefix)) is not a literal path; rewrite can use {name}",
                    literal.isEmpty ? "remove it" : "write \(JSONText.quoted("/" + literal.joined(separator: "/")))"
                )
                return
            }
        } catch {
            report(place, .string(prefix), error)
            return
        }
        guard names != nil, let pattern = try? RoutePattern(route.path), let stripped = try? PathPrefix(prefix) else {
            return
        }
        if pattern.mayBegin(with: stripped.bytes) { return }
        let literal = Self.segments(route.path).prefix { $0 != "*" && !$0.hasPrefix("{") }
        let isWhole = literal.count == Self.segments(route.path).count
        let kept = isWhole && literal.count > 1 ? literal.dropLast() : literal
        report(
            place,
            "\(JSONText.quoted(prefix)) is not a prefix of the path \(JSONText.quoted(route.path))",
            kept.isEmpty ? "remove it" : "write \(JSONText.quoted("/" + kept.joined(separator: "/")))"
        )
    }

    private static func segments(_ path: String) -> [Substring] { path.split(separator: "/") }

    private mutating func check(
        _ text: String,
        at path: SettingPath,
        _ check: (String) throws(SettingError) -> Void
    ) {
        do {
            try check(text)
        } catch {
            report(path, .string(text), error)
        }
    }

    private mutating func placeholders(_ template: String, known: [String], at path: SettingPath) {
        do {
            for name in try PathPattern.placeholders(in: template) where !known.contains(name) {
                let choices = known.map { JSONText.quoted(template.replacing("{\(name)}", with: "{\($0)}")) }
                let nearest = NearestName.of(name, among: known) ?? (known.count == 1 ? known[0] : nil)
                let all = known.map { "{\($0)}" }.joined(separator: ", ")
                if known.isEmpty {
                    report(
                        path,
                        "{\(name)} has no value: the path has no {name} and no /*",
                        "write \(JSONText.quoted(template.replacing("{\(name)}", with: "")))"
                    )
                } else {
                    let choice = nearest.flatMap { known.firstIndex(of: $0) }.map { choices[$0] }
                    report(
                        path,
                        "{\(name)} is unknown: there are \(all)",
                        "write \(choice ?? choices.joined(separator: ", or "))"
                    )
                }
            }
        } catch {
            report(path, .string(template), error)
        }
    }

    private static func suggestion(_ name: String, among names: some Sequence<String>, or other: String) -> String {
        NearestName.of(name, among: names).map { "write \"\($0)\"" } ?? other
    }
}
