import Gateway
import GatewaySettings

/// Settings from flags or environment variables that override the file.
struct ConfigurationOverrides: Sendable {
    private let listen: [Choice]
    private let admin: Choice?
    private let logLevel: Choice?
    private let otlp: Choice?
    private let environment: Environment
    /// Presented instead of the certificates in the file.
    var certificate: DevelopmentCertificate?

    /// An override and the name of its source for error messages.
    private struct Choice: Sendable {
        let text: String
        let place: String
    }

    init(
        listen: [String] = [],
        admin: String? = nil,
        logLevel: String? = nil,
        otlp: String? = nil,
        environment: Environment
    ) {
        func choice(_ flag: String?, _ name: String, _ variable: String) -> Choice? {
            if let flag { return Choice(text: flag, place: name) }
            return environment[variable].map { Choice(text: $0, place: variable) }
        }
        let listed = environment["GATEWAY_LISTEN"]?.split { $0 == "," || $0.isWhitespace } ?? []
        self.listen =
            listen.isEmpty
            ? listed.map { Choice(text: String($0), place: "GATEWAY_LISTEN") }
            : listen.map { Choice(text: $0, place: "--listen") }
        self.admin = choice(admin, "--admin", "GATEWAY_ADMIN")
        self.logLevel = choice(logLevel, "--log-level", "GATEWAY_LOG_LEVEL")
        self.otlp = otlp.map { Choice(text: $0, place: "--otlp") }
        self.environment = environment
    }

    /// The addresses that replace those in the file. Leaves out invalid ones.
    var addresses: [ListenAddress] { self.listen.compactMap { ListenAddress($0.text) } }

    /// Applies the overrides to a configuration.
    ///
    /// - Throws: ``ConfigurationErrors`` with all invalid overrides, or with their conflicts with the rest of the
    ///   configuration.
    func apply(to configuration: inout GatewayConfiguration) throws(ConfigurationErrors) {
        var errors: [ConfigurationError] = []
        func read<Value: Setting>(_ choice: Choice, as type: Value.Type) -> Value? {
            do throws(SettingError) {
                return try Value(setting: .string(choice.text))
            } catch {
                let quoted = SettingValue.string(choice.text).quoted
                errors.append(
                    ConfigurationError("\(quoted) \(error.problem)", suggestion: error.suggestion, key: choice.place)
                )
                return nil
            }
        }
        let addresses = self.listen.compactMap { read($0, as: ListenAddress.self) }
        if !addresses.isEmpty { configuration.server.listen = addresses }
        if let admin = self.admin.flatMap({ read($0, as: AdminListen.self) }) { configuration.admin.listen = admin }
        if let level = self.logLevel.flatMap({ read($0, as: LogLevel.self) }) { configuration.log.level = level }
        self.certificate?.apply(to: &configuration)
        self.applyTracing(to: &configuration, &errors)
        guard errors.isEmpty else { throw ConfigurationErrors(errors) }
        guard !self.listen.isEmpty || self.admin != nil || self.certificate != nil || self.otlp != nil else { return }
        errors = configuration.validate()
        guard errors.isEmpty else { throw ConfigurationErrors(errors) }
    }

    /// The flag wins over the file, and the file over the variables of OpenTelemetry.
    private func applyTracing(to configuration: inout GatewayConfiguration, _ errors: inout [ConfigurationError]) {
        configuration.completeTracing { [environment] in environment[$0] }
        guard let otlp = self.otlp else { return }
        do throws(SettingError) {
            let url = try ServiceURL.parse(otlp.text)
            configuration.sendSpans(to: url)
        } catch {
            errors.append(
                ConfigurationError(
                    "\(SettingValue.string(otlp.text).quoted) \(error.problem)",
                    suggestion: "write --otlp http://127.0.0.1:4318",
                    key: otlp.place
                )
            )
        }
    }
}
