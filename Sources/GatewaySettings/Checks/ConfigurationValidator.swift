/// Finds errors that the types cannot rule out, in a configuration from a file or built in code.
package struct ConfigurationValidator {
    package let configuration: GatewayConfiguration
    package let vocabulary: ConfigurationVocabulary
    package var diagnostics: ConfigurationDiagnostics

    package mutating func validate() {
        server()
        tls()
        https()
        admin()
        metrics()
        audit()
        redis()
        apiKey()
        basic()
        jwt()
        forwardAuth()
        sentry()
        tracing()
        plans()
        events()
        webhooks()
        for (name, upstream) in configuration.upstreams.sorted(by: { $0.key < $1.key }) {
            validate(upstream, at: SettingPath("upstreams") + name)
        }
        services()
        alerts()
        for (index, route) in configuration.routes.enumerated() {
            validate(route, at: SettingPath("routes") + index)
        }
        routeNames()
    }

    package mutating func report(_ path: SettingPath, _ problem: String, _ suggestion: String) {
        let path = diagnostics.written(path)
        let safe = configuration.document.root?.node(at: path)?.safe(suggestion) ?? suggestion
        diagnostics.report(problem, suggestion: safe, path: path, at: configuration.document.position(of: path))
    }

    /// Reports an error in a key that is a user-chosen name.
    package mutating func report(name path: SettingPath, _ problem: String, _ suggestion: String) {
        let path = diagnostics.written(path)
        let position = configuration.document.keyPosition(of: path)
        diagnostics.report(problem, suggestion: suggestion, path: path, at: position)
    }

    package mutating func report(_ path: SettingPath, _ value: SettingValue, _ error: SettingError) {
        report(path, "\(value.withoutUserInformation.quoted) \(error.problem)", error.suggestion)
    }

    /// Reports that a table lacks something, unless an error in the table may explain it.
    mutating func reportLacking(_ table: SettingPath, _ problem: String, _ suggestion: String) {
        let path = diagnostics.written(table)
        if diagnostics.hasFailure(directlyIn: path) { return }
        let position = configuration.document.position(of: path)
        diagnostics.report(problem, suggestion: suggestion, path: path, at: position, isLack: true)
    }

    /// Reports that a table lacks a key. If the key is present but empty, or the table is written as an empty string,
    /// the suggestion corrects that value.
    mutating func reportLacking(_ key: String, in table: SettingPath, _ problem: String, _ suggestion: String) {
        let addition = "add \(key) = "
        let value = suggestion.hasPrefix(addition) ? "write " + suggestion.dropFirst(addition.count) : suggestion
        let root = configuration.document.root
        if root?.node(at: diagnostics.written(table + key)) != nil {
            report(table + key, problem, value)
        } else if case .scalar? = root?.node(at: diagnostics.written(table))?.content {
            report(table, problem, value)
        } else {
            reportLacking(table, problem, suggestion)
        }
    }

    mutating func atLeast(_ minimum: Int, _ count: Int, _ path: SettingPath) {
        if count < minimum { report(path, "\(count) is too small", "write \(minimum) or more") }
    }

    /// Checks a count that is summed or used as an allocation size, and therefore also has an upper bound.
    package mutating func within(_ range: ClosedRange<Int>, _ count: Int, _ path: SettingPath) {
        atLeast(range.lowerBound, count, path)
        if count > range.upperBound { report(path, "\(count) is too large", "write \(range.upperBound) or less") }
    }

    package mutating func within(_ range: ClosedRange<TimeSpan>, _ span: TimeSpan, _ path: SettingPath) {
        let text = span.settingValue.quoted
        if span < range.lowerBound {
            report(path, "\(text) is too short", "write \(range.lowerBound.settingValue.quoted) or more")
        } else if span > range.upperBound {
            report(path, "\(text) is too long", "write \(range.upperBound.settingValue.quoted) or less")
        }
    }

    /// Checks a limit on the size of a message head, which is held in memory.
    mutating func headSize(_ size: ByteCount, of message: String, _ path: SettingPath) {
        if size.bytes < 64 {
            report(path, "\(size.settingValue.quoted) is too small for any \(message)", "write \"64B\" or more")
        } else if size > .mebibytes(16) {
            report(path, "\(size.settingValue.quoted) is more than memory should hold", "write \"16MiB\" or less")
        }
    }

    mutating func positive(_ span: TimeSpan, _ path: SettingPath) {
        if span <= .zero { report(path, "\(span.settingValue.quoted) leaves no time", "write \"1s\" or more") }
    }

    mutating func notNegative(_ span: TimeSpan, _ path: SettingPath) {
        if span < .zero { report(path, "a duration cannot be negative", "write \"0s\" or more") }
    }

    private mutating func server() {
        let server = configuration.server
        let path = SettingPath("server")
        if server.listen.isEmpty, !diagnostics.hasLost(elementsOf: path + "listen") {
            report(
                path + "listen",
                "the list is empty, so that nothing could reach the gateway",
                "write [\"127.0.0.1:8080\"]"
            )
        }
        for (index, address) in server.listen.enumerated() {
            let place = path + "listen" + index
            check(address, place)
            if isFixed(address), server.listen[..<index].contains(where: { $0.location == address.location }) {
                report(place, "\(address.settingValue.quoted) is in the list twice", "remove it")
            }
        }
        if case .count(let workers) = server.workers { within(1...1024, workers, path + "workers") }
        notNegative(server.drainDelay, path + "drain_delay")
        notNegative(server.drainTimeout, path + "drain_timeout")
        within(1...10_000, server.maxPolls, path + "max_polls")

        http2(server.http2, path + "http2")

        let limits = server.limits
        let place = path + "limits"
        headSize(limits.requestLine, of: "request", place + "request_line")
        headSize(limits.headers, of: "request", place + "headers")
        atLeast(1, limits.headerCount, place + "header_count")
        atLeast(1, limits.requestsPerConnection, place + "requests_per_connection")
        positive(limits.headerTimeout, place + "header_timeout")
        positive(limits.writeTimeout, place + "write_timeout")
        positive(limits.keepAlive, place + "keep_alive")
        if limits.bodyRate.bytes.bytes < 0 {
            report(place + "body_rate", "a rate cannot be negative", "write \"0B/second\" or more")
        }
        if case .count(let connections) = limits.connections { atLeast(1, connections, place + "connections") }
    }

    private mutating func admin() {
        let path = SettingPath("admin")
        if case .address(let address) = configuration.admin.listen {
            check(address, path + "listen")
            if address.scheme == .https {
                report(path + "listen", "the admin API is served without TLS", "write \(JSONText.quoted("\(address)"))")
            }
            if isFixed(address), configuration.server.listen.contains(where: { $0.location == address.location }) {
                report(
                    path + "listen",
                    "\(address.settingValue.quoted) is also in server.listen",
                    "write \(JSONText.quoted(unusedAddress(beside: address))), or \"off\""
                )
            }
        }
        for (index, exposed) in configuration.admin.expose.enumerated()
        where vocabulary.paths(exposedAs: exposed).isEmpty {
            report(
                path + "expose" + index,
                "\(JSONText.quoted(exposed)) is not \(exposed.hasPrefix("/") ? "an admin endpoint" : "a path")",
                "write \"/health\" or \"/metrics\""
            )
        }
    }

    private mutating func metrics() {
        let metrics = configuration.metrics
        let path = SettingPath("metrics")
        if metrics.buckets.isEmpty, !diagnostics.hasLost(elementsOf: path + "buckets") {
            report(path + "buckets", "the list is empty", "write [0.1, 1, 10]")
        }
        for (index, bucket) in metrics.buckets.enumerated() {
            let previous = index > 0 ? metrics.buckets[index - 1] : 0
            if !bucket.isFinite || bucket <= previous {
                report(
                    path + "buckets" + index,
                    "\(bucket) is not greater than \(index > 0 ? "the bound before it" : "0"): bounds must rise",
                    "remove it"
                )
            }
        }
        atLeast(1, metrics.seriesLimit, path + "series_limit")
    }

    private mutating func check(_ address: ListenAddress, _ path: SettingPath) {
        do {
            _ = try ListenAddress(setting: address.settingValue)
        } catch {
            report(path, address.settingValue, error)
        }
    }

    /// Returns the same host with the next port that is not configured as a listener.
    private func unusedAddress(beside address: ListenAddress) -> String {
        switch address.location {
        case .unix(let path): return "unix:\(path).admin"
        case .host(let host, let port):
            let next = (1...100).lazy.map { ListenAddress.host(host, port: (port + $0 - 1) % 65_535 + 1) }
            let used = configuration.server.listen.map(\.location)
            return (next.first { !used.contains($0.location) } ?? address).description
        }
    }

    /// Whether two listeners at this address would conflict.
    private func isFixed(_ address: ListenAddress) -> Bool {
        if case .host(_, port: 0) = address.location { false } else { true }
    }
}
