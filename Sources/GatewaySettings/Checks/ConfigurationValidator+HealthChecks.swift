import GatewayHTTP

extension ConfigurationValidator {
    mutating func validate(_ health: HealthCheckConfiguration, of upstream: UpstreamConfiguration, at path: SettingPath)
    {
        if upstream.builtin != nil, upstream.targets.isEmpty {
            report(path, "the upstream has no targets to poll", "remove it")
        }
        if health.type == .grpc, upstream.http2 == .never {
            report(path + "type", "\"grpc\" needs HTTP/2, which http2 = false switches off", "remove http2 = false")
        }
        let hasSockets = upstream.targets.contains { if case .unix = $0.url { true } else { false } }
        if health.port != 0, hasSockets {
            report(path + "port", "a unix: target has no port", "write 0")
        } else if !(0...65_535).contains(health.port) {
            report(path + "port", "\(health.port) is not a port", "write 0, or a number up to 65535")
        }
        let longest = TimeSpan.hours(24)
        within(.milliseconds(10)...longest, health.interval, path + "interval")
        within(.milliseconds(1)...longest, health.timeout, path + "timeout")
        within(.zero...longest, health.slowStart, path + "slow_start")
        within(1...1_000_000, health.healthyAfter, path + "healthy_after")
        within(1...1_000_000, health.unhealthyAfter, path + "unhealthy_after")
        request(of: health, at: path)
        if health.body.utf8.count > HealthCheckConfiguration.bodyLimit {
            report(path + "body", "the text is longer than the 64 KiB that are searched", "remove it")
        } else if !health.body.isEmpty, health.type == .http, health.method == "HEAD" {
            report(path + "body", "the response to a HEAD request has no body", "remove it")
        }
    }

    private mutating func request(of health: HealthCheckConfiguration, at path: SettingPath) {
        if !ByteClass.isToken(health.method.utf8) {
            report(path + "method", "\(JSONText.quoted(health.method)) is not a method", "write \"GET\"")
        } else if health.method == "CONNECT" {
            report(path + "method", "a CONNECT request opens a tunnel", "write \"GET\"")
        } else if health.method != health.method.uppercased() {
            let upper = JSONText.quoted(health.method.uppercased())
            report(path + "method", "methods are case-sensitive", "write \(upper)")
        }
        if !health.path.hasPrefix("/") {
            let whole = JSONText.quoted("/" + health.path)
            report(path + "path", "\(JSONText.quoted(health.path)) does not begin with \"/\"", "write \(whole)")
        } else if health.path.contains("#") {
            let plain = JSONText.quoted(String(health.path.prefix { $0 != "#" }))
            report(path + "path", "a request has no fragment", "write \(plain)")
        } else {
            do throws(SettingError) {
                try URIText.check(health.path, of: .url)
            } catch {
                report(path + "path", .string(health.path), error)
            }
        }
        if !health.host.isEmpty, !Array(health.host.utf8).withUnsafeBytes(ByteClass.isAuthority) {
            report(path + "host", "\(JSONText.quoted(health.host)) is not a host", "write \"api.internal\"")
        }
        requestFields(
            health.headers,
            path + "headers",
            reserved: ["content-length", "transfer-encoding", "connection"]
        )
    }

    /// Checks the fields of a request that the gateway itself sends.
    ///
    /// - Parameter reserved: The names that the gateway sets, in lowercase.
    mutating func requestFields(_ fields: [String: String], _ path: SettingPath, reserved: Set<String>) {
        for (name, value) in fields.sorted(by: { $0.key < $1.key }) {
            let place = path + name
            if !ByteClass.isToken(name.utf8) {
                report(name: place, "\(JSONText.quoted(name)) is not a header name", Self.headerSuggestion(name))
            } else if name.lowercased() == "host" {
                report(
                    name: place,
                    reserved.contains("host") ? "Host is the host of url" : "use host for it",
                    "remove it"
                )
            } else if reserved.contains(name.lowercased()) {
                report(name: place, "the gateway sets \(name) itself", "remove it")
            } else if value.utf8.contains(where: { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F }) {
                let plain = String(
                    value.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F || $0.value == 9 }
                )
                let isSecret = Redaction.isSecret(place)
                report(
                    place,
                    "the value has control characters",
                    isSecret ? "remove them" : "write \(JSONText.quoted(plain))"
                )
            }
        }
    }
}

extension HealthCheckConfiguration {
    /// The number of bytes of a response body that are searched for ``body``.
    package static let bodyLimit = 64 * 1024
}
