import GatewayHTTP

/// The checks of `[tracing]`.
extension ConfigurationValidator {
    mutating func tracing() {
        let tracing = self.configuration.tracing
        let path = SettingPath("tracing")
        if !tracing.otlp.isEmpty { self.url(tracing.otlp, path + "otlp") }
        if !(0...1).contains(tracing.sample) {
            report(
                path + "sample",
                "\(tracing.sample) is not between 0 and 1",
                "write \(tracing.sample > 1 ? "1.0" : "0.0"), or another number from 0 to 1"
            )
        }
        for (index, reason) in tracing.always.enumerated() where tracing.always[..<index].contains(reason) {
            report(path + "always" + index, "\"\(reason.rawValue)\" is in the list twice", "remove it")
        }
        if tracing.service.isEmpty {
            report(path + "service", "the name of the service is empty", "write \"gateway\"")
        }
        for (name, value) in tracing.headers.sorted(by: { $0.key < $1.key }) { self.field(name, value, path) }
        within(.milliseconds(100)...(.minutes(1)), tracing.interval, path + "interval")
        within(1...1_000_000, tracing.queue, path + "queue")
        if !tracing.link.isEmpty { self.link(tracing.link, path + "link") }
    }

    private mutating func url(_ text: String, _ path: SettingPath) {
        let example = "http://127.0.0.1:4318"
        do throws(SettingError) {
            let url = try ServiceURL.parse(text)
            if url.path.contains("?") {
                report(path, "the URL has a query, to which no path can be added", "write \"\(url.target)\"")
            } else if url.path.hasSuffix("/v1/traces"), self.configuration.tracing.environment.endpoint == nil {
                let base = "\(url.target)\(url.path.dropLast("/v1/traces".count))"
                report(path, "\"/v1/traces\" is added to the URL", "write \"\(base)\"")
            }
        } catch {
            let isBare = !text.contains("://") && !text.contains("@") && HostAndPort.parse(text) != nil
            let suggestion = isBare ? "write \"http://\(text)\"" : error.suggestion
            // The user information of a URL may be a password.
            let shown = Redaction.withoutUserInformation(text)
            report(
                path,
                "\(JSONText.quoted(shown)) \(error.problem)",
                suggestion.contains("/path") ? "write \"\(example)\"" : suggestion
            )
        }
    }

    private mutating func field(_ name: String, _ value: String, _ path: SettingPath) {
        let path = path + "headers" + name
        guard let header = HeaderName(validating: name) else {
            return report(
                name: path,
                "\(JSONText.quoted(name)) is not a header name",
                ConfigurationValidator.headerSuggestion(name)
            )
        }
        if TracingConfiguration.own.contains(name.lowercased()) || header.id.isFraming {
            return report(name: path, "\(name) is set by the gateway", "remove it")
        }
        if !TracingConfiguration.isField(name, value) {
            // The value may be a credential.
            report(path, "the value has characters that no header field can have", "write it in printable ASCII")
        }
    }

    private mutating func link(_ text: String, _ path: SettingPath) {
        guard ServiceURL(text.replacing("{trace_id}", with: "0")) != nil else {
            return report(
                path,
                "\(JSONText.quoted(Redaction.withoutUserInformation(text))) is not an http or https URL",
                "write \"http://127.0.0.1:16686/trace/{trace_id}\""
            )
        }
        guard !text.contains("{trace_id}") else { return }
        report(
            path,
            "the URL does not contain {trace_id}",
            "write \(JSONText.quoted(text + (text.hasSuffix("/") ? "" : "/") + "{trace_id}"))"
        )
    }
}

extension TracingConfiguration {
    /// The fields of an export that the gateway writes.
    static let own: Set<String> = ["host", "content-type", "content-encoding", "content-length", "user-agent"]

    /// Whether a field may be added to exports.
    static func isField(_ name: String, _ value: String) -> Bool {
        guard let header = HeaderName(validating: name), !header.id.isFraming, !self.own.contains(name.lowercased())
        else { return false }
        return value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
    }
}
