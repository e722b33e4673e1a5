/// What the standard variables of OpenTelemetry say that settings cannot.
///
/// https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
package struct TracingEnvironment: Hashable, Sendable {
    /// The URL that spans are posted to, as it is. Nil: that of the settings.
    package var endpoint: String?
    /// Attributes of the resource.
    package var resource: [Attribute] = []
    /// Whether no spans are made at all.
    package var isDisabled = false
    /// A sentence about each variable that was ignored, because it makes no sense.
    package var ignored: [String] = []

    package struct Attribute: Hashable, Sendable {
        package var name: String
        package var value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package init() {}
}

extension TracingEnvironment: Codable {
    package init(from decoder: any Decoder) {}
    package func encode(to encoder: any Encoder) {}
}

extension GatewayConfiguration {
    /// Whether the file sets a key of `[tracing]`.
    private func writesTracing(_ key: String) -> Bool {
        guard case .table(let entries)? = self.document.root?.node(at: SettingPath("tracing"))?.content else {
            return false
        }
        return entries[key] != nil
    }

    /// Sends spans to a collector for a try: those of all requests, unless the file says otherwise.
    package mutating func sendSpans(to collector: ServiceURL) {
        self.tracing.environment.endpoint = nil
        self.tracing.otlp = collector.description
        if self.writesTracing("sample") || self.tracing.sample != TracingConfiguration().sample { return }
        self.tracing.sample = 1
    }

    /// Completes `[tracing]` with what its file leaves out and the standard variables of OpenTelemetry say.
    ///
    /// A variable that makes no sense is ignored, as the specification demands.
    package mutating func completeTracing(from variables: @escaping (String) -> String?) {
        var reader = TracingVariables(variables)
        if variables("OTEL_SDK_DISABLED")?.lowercased() == "true" { self.tracing.environment.isDisabled = true }
        if !self.writesTracing("otlp"), self.tracing.otlp.isEmpty { reader.readEndpoint(into: &self.tracing) }
        if !self.writesTracing("headers"), self.tracing.headers.isEmpty { reader.readHeaders(into: &self.tracing) }
        let service = reader.readResource(into: &self.tracing)
        if !self.writesTracing("service"), self.tracing.service == TracingConfiguration().service, let service {
            self.tracing.service = service
        }
        if !self.writesTracing("sample"), self.tracing.sample == TracingConfiguration().sample {
            reader.readSample(into: &self.tracing)
        }
        self.tracing.environment.ignored = reader.ignored
    }
}

/// Reads the variables.
private struct TracingVariables {
    private let variables: (String) -> String?
    private(set) var ignored: [String] = []

    init(_ variables: @escaping (String) -> String?) { self.variables = variables }

    mutating func readEndpoint(into tracing: inout TracingConfiguration) {
        for (name, isWhole) in [("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", true), ("OTEL_EXPORTER_OTLP_ENDPOINT", false)] {
            guard let text = self.variables(name), !text.isEmpty else { continue }
            guard ServiceURL(text) != nil else {
                self.ignored.append("\(name) is not an http or https URL")
                continue
            }
            if isWhole { tracing.environment.endpoint = text }
            tracing.otlp = text
            return
        }
    }

    mutating func readHeaders(into tracing: inout TracingConfiguration) {
        // The variable for traces replaces the general one.
        for name in ["OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"] {
            guard let text = self.variables(name), !text.isEmpty else { continue }
            guard let pairs = Self.pairs(text), pairs.allSatisfy({ TracingConfiguration.isField($0.name, $0.value) })
            else {
                self.ignored.append("\(name) is not a list of header fields, such as \"api-key=abc\"")
                continue
            }
            for pair in pairs { tracing.headers[pair.name] = pair.value }
            return
        }
    }

    /// Returns the name of the service, if there is one.
    mutating func readResource(into tracing: inout TracingConfiguration) -> String? {
        var service: String?
        if let text = self.variables("OTEL_RESOURCE_ATTRIBUTES"), !text.isEmpty {
            if let pairs = Self.pairs(text) {
                service = pairs.last { $0.name == "service.name" }?.value
                tracing.environment.resource = pairs.filter { $0.name != "service.name" }
            } else {
                self.ignored.append("OTEL_RESOURCE_ATTRIBUTES is not a list of attributes, such as \"key=value\"")
            }
        }
        if let name = self.variables("OTEL_SERVICE_NAME"), !name.isEmpty { service = name }
        return service.flatMap { $0.isEmpty ? nil : $0 }
    }

    mutating func readSample(into tracing: inout TracingConfiguration) {
        guard let text = self.variables("OTEL_TRACES_SAMPLER_ARG"), !text.isEmpty else { return }
        if let share = Double(text), (0...1).contains(share) {
            tracing.sample = share
        } else {
            self.ignored.append("OTEL_TRACES_SAMPLER_ARG is not a number from 0 to 1")
        }
    }

    /// `key1=value1,key2=value2`, with percent-encoded values. Nil if it has another form.
    private static func pairs(_ text: String) -> [TracingEnvironment.Attribute]? {
        var pairs: [TracingEnvironment.Attribute] = []
        for member in text.split(separator: ",") {
            guard let equals = member.firstIndex(of: "=") else { return nil }
            let name = Self.decoded(member[..<equals])
            guard !name.isEmpty else { return nil }
            pairs.append(.init(name, Self.decoded(member[member.index(after: equals)...])))
        }
        return pairs
    }

    private static func decoded(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        let text = Array(text.utf8)
        var index = 0
        while index < text.count {
            if text[index] == UInt8(ascii: "%"), index + 2 < text.count,
                let value = UInt8(String(decoding: text[(index + 1)...(index + 2)], as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                index += 3
            } else {
                bytes.append(text[index])
                index += 1
            }
        }
        let decoded = String(decoding: bytes, as: UTF8.self)
        guard let first = decoded.firstIndex(where: { !$0.isWhitespace }),
            let last = decoded.lastIndex(where: { !$0.isWhitespace })
        else { return "" }
        return String(decoded[first...last])
    }
}
