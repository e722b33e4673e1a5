/// Finds what the types allow and the gateway cannot do, in a configuration from a file or from a program.
struct ConfigurationValidator {
    let configuration: GatewayConfiguration
    var diagnostics: ConfigurationDiagnostics

    mutating func validate() {
        server()
        admin()
        metrics()
        for (name, upstream) in configuration.upstreams.sorted(by: { $0.key < $1.key }) {
            validate(upstream, at: SettingPath("upstreams") + name)
        }
        for (index, route) in configuration.routes.enumerated() {
            validate(route, at: SettingPath("routes") + index)
        }
        routeNames()
    }

    mutating func report(_ path: SettingPath, _ problem: String, _ suggestion: String) {
        diagnostics.report(problem, suggestion: suggestion, path: path, at: configuration.document.position(of: path))
    }

    mutating func report(_ path: SettingPath, _ value: SettingValue, _ error: SettingError) {
        report(path, "\(value.withoutUserInformation.quoted) \(error.problem)", error.suggestion)
    }

    /// For a table that lacks something: nothing is said where a mistake in it may be what is lacking.
    mutating func reportLacking(_ table: SettingPath, _ problem: String, _ suggestion: String) {
        if !diagnostics.hasFailure(directlyIn: table) { report(table, problem, suggestion) }
    }

    /// The same for one key, at its own place where it was written, and says nothing.
    mutating func reportLacking(_ key: String, in table: SettingPath, _ problem: String, _ suggestion: String) {
        if configuration.document.root?.node(at: table + key) != nil {
            report(table + key, problem, suggestion)
        } else {
            reportLacking(table, problem, suggestion)
        }
    }

    mutating func atLeast(_ minimum: Int, _ count: Int, _ path: SettingPath) {
        if count < minimum { report(path, "\(count) is too small", "write at least \(minimum)") }
    }

    /// Numbers that are added up, or made into that many of something, have an upper end too.
    mutating func within(_ range: ClosedRange<Int>, _ count: Int, _ path: SettingPath) {
        atLeast(range.lowerBound, count, path)
        if count > range.upperBound { report(path, "\(count) is too large", "write at most \(range.upperBound)") }
    }

    /// What memory should hold for the head of one message.
    mutating func headSize(_ size: ByteCount, of message: String, _ path: SettingPath) {
        if size.bytes < 64 {
            report(path, "\(size.settingValue.quoted) is too small for any \(message)", "write at least \"64B\"")
        } else if size > .mebibytes(16) {
            report(path, "\(size.settingValue.quoted) is more than memory should hold", "write at most \"16MiB\"")
        }
    }

    mutating func positive(_ span: TimeSpan, _ path: SettingPath) {
        if span <= .zero { report(path, "\(span.settingValue.quoted) leaves no time", "write a longer time") }
    }

    mutating func notNegative(_ span: TimeSpan, _ path: SettingPath) {
        if span < .zero { report(path, "a negative time is not possible", "write 0s or a longer time") }
    }

    private mutating func server() {
        let server = configuration.server
        let path = SettingPath("server")
        if server.listen.isEmpty {
            report(
                path + "listen",
                "the list is empty, so the gateway could not be reached",
                "write [\"127.0.0.1:8080\"]"
            )
        }
        for (index, address) in server.listen.enumerated() {
            let place = path + "listen" + index
            check(address, place)
            if isFixed(address), server.listen[..<index].contains(address) {
                report(place, "\(address.settingValue.quoted) stands in the list twice", "take one out")
            }
        }
        if case .count(let workers) = server.workers { within(1...1024, workers, path + "workers") }
        notNegative(server.drainDelay, path + "drain_delay")
        notNegative(server.drainTimeout, path + "drain_timeout")

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
            report(place + "body_rate", "a negative rate is not possible", "write \"0B/second\" or more")
        }
        if case .count(let connections) = limits.connections { atLeast(1, connections, place + "connections") }
    }

    private mutating func admin() {
        let path = SettingPath("admin")
        if case .address(let address) = configuration.admin.listen {
            check(address, path + "listen")
            if isFixed(address), configuration.server.listen.contains(address) {
                report(
                    path + "listen",
                    "\(address.settingValue.quoted) is also in server.listen",
                    "write another port, or \"off\""
                )
            }
        }
        for (index, exposed) in configuration.admin.expose.enumerated()
        where AdminEndpoint.paths(exposedAs: exposed).isEmpty {
            report(
                path + "expose" + index,
                "\(JSONText.quoted(exposed)) is \(exposed.hasPrefix("/") ? "no admin endpoint" : "not a path")",
                "write \"/health\" or \"/metrics\""
            )
        }
    }

    private mutating func metrics() {
        let metrics = configuration.metrics
        let path = SettingPath("metrics")
        if metrics.buckets.isEmpty {
            report(path + "buckets", "the list is empty", "write at least one upper bound in seconds")
        }
        for (index, bucket) in metrics.buckets.enumerated() {
            let previous = index > 0 ? metrics.buckets[index - 1] : 0
            if !bucket.isFinite || bucket <= previous {
                report(
                    path + "buckets" + index,
                    "\(bucket) is not more than \(index > 0 ? "the bound before it" : "0")",
                    "write the bounds in rising order"
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

    /// Whether two listeners at this address would be in each other's way.
    private func isFixed(_ address: ListenAddress) -> Bool {
        if case .host(_, port: 0) = address { false } else { true }
    }
}
