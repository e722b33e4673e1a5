extension ConfigurationValidator {
    package mutating func validate(_ upstream: UpstreamConfiguration, at path: SettingPath) {
        if upstream.builtin != nil, !upstream.targets.isEmpty {
            report(path + "builtin", "the upstream has both targets and builtin", "remove it")
        } else if upstream.builtin == nil, upstream.targets.isEmpty, !diagnostics.hasFailed(path + "targets"),
            !diagnostics.hasLost(elementsOf: path + "targets")
        {
            let suggestion = "add targets = [\"http://127.0.0.1:9001\"]"
            reportLacking("targets", in: path, "the upstream has no targets", suggestion)
        }
        for (index, target) in upstream.targets.enumerated() {
            validate(target, at: path + "targets" + index)
        }
        atLeast(1, upstream.maxConnections, path + "max_connections")
        atLeast(0, upstream.maxPending, path + "max_pending")
        notNegative(upstream.queue, path + "queue")
        positive(upstream.idleTimeout, path + "idle_timeout")
        headSize(upstream.maxHead, of: "response", path + "max_head")
        within(.seconds(1)...(.hours(24)), upstream.resolve, path + "resolve")
        if let breaker = upstream.circuitBreaker { validate(breaker, at: path + "circuit_breaker") }
        if let health = upstream.health { validate(health, of: upstream, at: path + "health") }
        if let tls = upstream.tls { validate(tls, at: path + "tls") }
        atLeast(1, upstream.maxStreams, path + "max_streams")
        if upstream.hashKey.parts.isEmpty {
            report(path + "hash_key", "the key is empty", "write \"client_ip\"")
        }
        if upstream.setCookie {
            let hasCookie = upstream.hashKey.parts.contains { part in
                if case .cookie = part { true } else { false }
            }
            if upstream.balance != .hash || !hasCookie {
                report(
                    path + "set_cookie",
                    "set_cookie needs balance = \"hash\" and hash_key = \"cookie:NAME\"",
                    "write false"
                )
            }
        }
    }

    private mutating func validate(_ breaker: CircuitBreakerConfiguration, at path: SettingPath) {
        within(1...1_000_000, breaker.failures, path + "failures")
        share(breaker.errorRate, path + "error_rate")
        within(.milliseconds(1)...(.hours(24)), breaker.window, path + "window")
        within(1...1_000_000_000, breaker.minRequests, path + "min_requests")
        within(.milliseconds(1)...(.hours(24)), breaker.openFor, path + "open_for")
        within(.milliseconds(1)...(.hours(24)), breaker.maxOpen, path + "max_open")
        within(1...1_000_000, breaker.probes, path + "probes")
        share(breaker.maxEjected, path + "max_ejected")
    }

    private mutating func share(_ share: Double, _ path: SettingPath) {
        if share < 0 {
            report(path, "\(share) is too small", "write 0 or more")
        } else if !(share <= 1) {
            let percentage = share <= 100 ? "\(share / 100)" : "1"
            report(path, "\(share) is too large for a share", "write \(percentage)")
        }
    }

    private mutating func validate(_ target: TargetConfiguration, at path: SettingPath) {
        if target.url == .missing {
            reportLacking("url", in: path, "the target has no url", "add url = \"http://127.0.0.1:9001\"")
        } else {
            do {
                _ = try TargetURL(setting: target.url.settingValue)
            } catch {
                report(path + "url", target.url.settingValue, error)
            }
        }
        within(1...1_000_000, target.weight, path + "weight")
    }
}
