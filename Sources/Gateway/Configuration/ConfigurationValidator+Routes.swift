extension ConfigurationValidator {
    mutating func validate(_ route: RouteConfiguration, at path: SettingPath) {
        let names = validatePath(route, at: path)
        match(route, at: path)
        destination(route, at: path)
        forwarding(route, names: names, at: path)
        for (index, policy) in route.policies.enumerated() where configuration.policies[policy] == nil {
            report(
                path + "policies" + index,
                "there is no policy \(JSONText.quoted(policy))",
                Self.suggestion(policy, among: configuration.policies.keys, or: "write [policies.\(policy)]")
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
                    "\(JSONText.quoted(route.name)) is also the name of routes[\(earlier)]",
                    "give each route a name of its own"
                )
            }
            first[route.name] = first[route.name] ?? index
            if route.name.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) {
                report(path, "the name has control characters", "write letters, digits and hyphens")
            }
            // What metrics and logs call the requests that no route takes, and the like.
            if route.name.hasPrefix("_") {
                let rest = route.name.drop { $0 == "_" }
                report(
                    path,
                    "\(JSONText.quoted(route.name)) begins with \"_\", as only the gateway's own labels do",
                    "write \(JSONText.quoted(rest.isEmpty ? "route" : String(rest)))"
                )
            }
        }
    }

    /// The names of the path's parts; `nil` where the path is not sound.
    private mutating func validatePath(_ route: RouteConfiguration, at path: SettingPath) -> [String]? {
        if route.path.isEmpty {
            reportLacking("path", in: path, "the route has no path", "write path = \"/*\" for every path")
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
            if let error = Self.hostError(host) { report(path + "hosts" + index, .string(host), error) }
        }
        let known = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]
        for (index, method) in route.methods.enumerated() {
            let place = path + "methods" + index
            if method == "*" {
                report(place, "\"*\" is not a method", "take methods out, which takes them all")
            } else if !FieldName.isToken(method) {
                report(place, "\(JSONText.quoted(method)) is not a method", "write \"GET\"")
            } else if ["TRACE", "CONNECT"].contains(method.uppercased()) {
                report(place, "\(method.uppercased()) is always answered with 405", "take it out")
            } else if !known.contains(method), known.contains(method.uppercased()) {
                report(
                    place,
                    "\(JSONText.quoted(method)) is not a method, since case counts",
                    "write \"\(method.uppercased())\""
                )
            }
        }
        var names: Set<String> = []
        for name in route.matchHeaders.keys.sorted() {
            let place = path + "match_headers" + name
            if !FieldName.isToken(name) {
                report(place, "\(JSONText.quoted(name)) is not a header name", "write \"X-Name\"")
            } else if !names.insert(name.lowercased()).inserted {
                report(place, "\(name) stands in the table twice, since case does not count", "take one of them out")
            }
        }
        for name in route.matchQuery.keys.sorted() where name.isEmpty {
            report(path + "match_query" + name, "a query parameter without a name cannot be asked for", "name it")
        }
    }

    private static func hostError(_ host: String) -> SettingError? {
        if host == "*" { return nil }
        var name = host.hasPrefix("*.") ? host.dropFirst(2) : host[...]
        if name.utf8.contains(UInt8(ascii: "*")) {
            return SettingError(
                "has \"*\" inside",
                suggestion: "write \"*.example.com\" for all hosts below example.com"
            )
        }
        if name.hasSuffix("."), name.utf8.count > 1 { name.removeLast() }
        if name.utf8.contains(where: { $0 > 0x7F }) {
            return SettingError("is not ASCII", suggestion: "write the name in its xn-- form")
        }
        guard HostAndPort.parse(name) != nil else {
            let isURL = name.utf8.contains(UInt8(ascii: "/"))
            return SettingError(
                "is not a host",
                suggestion: isURL ? "write only the host name" : "write \"api.example.com\""
            )
        }
        return nil
    }

    private mutating func destination(_ route: RouteConfiguration, at path: SettingPath) {
        let given = [route.upstream != nil, route.respond != nil, route.redirect != nil].count { $0 }
        if given == 0 {
            reportLacking(path, "the route leads nowhere", "write one of upstream, respond and redirect")
        } else if given > 1 {
            report(path, "the route leads to several places", "write only one of upstream, respond and redirect")
        }
        if let upstream = route.upstream, configuration.upstreams[upstream] == nil,
            !diagnostics.hasFailed(SettingPath("upstreams") + upstream)
        {
            report(
                path + "upstream",
                "there is no upstream \(JSONText.quoted(upstream))",
                Self.suggestion(upstream, among: configuration.upstreams.keys, or: "write [upstreams.\(upstream)]")
            )
        }
        if let respond = route.respond { validate(respond, at: path + "respond") }
        if let redirect = route.redirect { validate(redirect, at: path + "redirect") }
    }

    private mutating func validate(_ respond: RespondConfiguration, at path: SettingPath) {
        if !(200...599).contains(respond.status) {
            report(path + "status", "\(respond.status) is not the status of an answer", "write 200 to 599")
        }
        if [204, 205, 304].contains(respond.status), !respond.body.isEmpty {
            report(path + "body", "an answer with status \(respond.status) has no body", "take it out")
        }
        for (name, value) in respond.headers.sorted(by: { $0.key < $1.key }) {
            let place = path + "headers" + name
            if !FieldName.isToken(name) {
                report(place, "\(JSONText.quoted(name)) is not a header name", "write \"X-Name\"")
            } else if ["content-length", "transfer-encoding", "connection"].contains(name.lowercased()) {
                report(place, "the gateway itself sets \(name)", "take it out")
            } else if value.utf8.contains(where: { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F }) {
                report(place, "the value has control characters", "take them out")
            }
        }
    }

    private mutating func validate(_ redirect: RedirectConfiguration, at path: SettingPath) {
        if redirect.to.isEmpty {
            reportLacking("to", in: path, "the redirect has no target", "write to = \"https://{host}{uri}\"")
        } else {
            do throws(PlaceholderTemplate.ParseError) {
                let template = try PlaceholderTemplate(redirect.to)
                check(redirect.to, at: path + "to") { _ throws(SettingError) in
                    // Braces that are no placeholders are the user's own choice.
                    try URIText.check(template.filled(with: "x").filter { $0 != "{" && $0 != "}" }, of: .url)
                }
            } catch {
                report(path + "to", error.message, error.suggestion)
            }
        }
        if ![301, 302, 303, 307, 308].contains(redirect.status) {
            report(path + "status", "\(redirect.status) does not redirect", "write 301, 302, 303, 307 or 308")
        }
    }

    private mutating func forwarding(_ route: RouteConfiguration, names: [String]?, at path: SettingPath) {
        if !route.stripPrefix.isEmpty {
            do {
                if try !PathPattern.names(in: route.stripPrefix).isEmpty {
                    report(
                        path + "strip_prefix",
                        "\(JSONText.quoted(route.stripPrefix)) is not a literal path",
                        "write it without {name} and *, and use rewrite"
                    )
                }
            } catch {
                report(path + "strip_prefix", .string(route.stripPrefix), error)
            }
        }
        if !route.rewrite.isEmpty {
            if !route.rewrite.hasPrefix("/") {
                report(
                    path + "rewrite",
                    "\(JSONText.quoted(route.rewrite)) does not begin with \"/\"",
                    "write \"/\(route.rewrite)\""
                )
            } else {
                if let names { placeholders(route.rewrite, known: names, at: path + "rewrite") }
                check(route.rewrite, at: path + "rewrite") { text throws(SettingError) in
                    // Only what "/*" took may be nothing.
                    try URIText.checkRequestPath(PathPattern.filled(text) { $0 == "rest" ? "" : "x" })
                }
            }
        }
        if route.forwardPath == .original, !route.rewrite.isEmpty || !route.stripPrefix.isEmpty {
            report(
                path + "forward_path",
                "the client's path cannot go upstream as it is and be changed",
                "take out strip_prefix and rewrite, or write \"normalized\""
            )
        }
        if !route.upgrade.isEmpty {
            report(path + "upgrade", "upgrades are not supported in this version", "write []")
        }
    }

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
                let others = known.map { "{\($0)}" }.joined(separator: ", ")
                report(
                    path,
                    "there is nothing to put in for {\(name)}",
                    known.isEmpty ? "the path has no {name} and no /*" : "write one of \(others)"
                )
            }
        } catch {
            report(path, .string(template), error)
        }
    }

    private static func suggestion(_ name: String, among names: some Sequence<String>, or other: String) -> String {
        NearestName.of(name, among: names).map { "write \"\($0)\"" } ?? other
    }
}
