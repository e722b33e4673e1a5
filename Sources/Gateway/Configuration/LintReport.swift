import FoundationEssentials
import GatewayCore
import GatewayMiddlewares
package import GatewaySettings

/// What `gateway lint` finds in a configuration: the warnings of `gateway check` and more, without what comments in the file
/// allow.
package struct LintReport: Sendable {
    /// The name of the file.
    package let file: String
    /// The errors that `gateway check` reports. With errors, there are no findings.
    package let errors: [ConfigurationError]
    /// The warnings of `gateway check`, for a file with errors.
    package let warnings: [ConfigurationError]
    /// Sorted by position.
    package let findings: [LintFinding]

    /// Checks a file. Opens no listeners and contacts no upstreams.
    package init(
        file path: String,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) async throws {
        let text: String
        do throws(ConfigurationErrors) {
            text = try TextFile.configuration(path)
        } catch {
            self.init(file: path, errors: error.errors)
            return
        }
        try await self.init(toml: text, file: path, environment: environment)
    }

    package init(
        toml text: String,
        file: String = "gateway.toml",
        environment: [String: String] = ProcessInfo.processInfo.environment,
        middlewares: [MiddlewareRegistration] = StandardMiddlewares.all
    ) async throws {
        let check = try await ConfigurationCheck(
            toml: text,
            file: file,
            environment: environment,
            middlewares: middlewares
        )
        guard let configuration = check.configuration else {
            self.init(file: file, errors: check.errors, warnings: check.warnings)
            return
        }
        let further = ConfigurationLint(
            configuration: configuration,
            vocabulary: ConfigurationVocabulary(middlewares.descriptions)
        )
        // The gaps found here include those of the check.
        let gaps = RouteGaps(
            configuration: configuration,
            middlewares: middlewares.descriptions,
            triesElsewhere: true
        )
        let warnings =
            check.warnings.filter { $0.rule != LintRule.ruleBypassed.rawValue } + further.warnings() + gaps.warnings()
        let findings = ConfigurationErrors(warnings).withoutRepetition.map { LintFinding($0) }
        self.init(file: file, findings: LintAllowances(text).applied(to: findings))
    }

    private init(
        file: String,
        errors: [ConfigurationError] = [],
        warnings: [ConfigurationError] = [],
        findings: [LintFinding] = []
    ) {
        self.file = file
        self.errors = errors
        self.warnings = warnings
        self.findings = findings
    }

    /// The report as `gateway lint --json` prints it; for a file with errors, as `gateway check --json` does.
    package var json: JSONValue {
        if !self.errors.isEmpty { return .check(of: self.file, errors: self.errors, warnings: self.warnings) }
        return ["file": .string(self.file), "findings": .array(self.findings.map(\.json))]
    }

    /// Whether there is a finding of this severity or a higher one.
    package func fails(on severity: LintSeverity) -> Bool { self.findings.contains { $0.severity >= severity } }
}
