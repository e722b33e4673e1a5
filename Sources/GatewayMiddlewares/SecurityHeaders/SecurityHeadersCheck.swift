import GatewayCore
import GatewayHTTP
import GatewaySettings

/// Finds mistakes and likely mistakes in the settings of ``SecurityHeadersMiddleware``.
enum SecurityHeadersCheck {
    /// The names of fields to remove.
    static func names(_ names: [String], in context: inout BuildContext) -> [HeaderName] {
        names.enumerated().compactMap { index, name in
            if let problem = ProtectedFields.problem(with: name) {
                context.fail(problem.message, suggestion: problem.suggestion, at: "remove", String(index))
            }
            return HeaderName(validating: name)
        }
    }

    static func values(of config: SecurityHeadersMiddleware.Config, in context: inout BuildContext) {
        let hsts = [(key: "hsts", value: config.hsts)]
        for (key, value) in hsts + config.fields.map({ ($0.key, $0.value) }) where !FieldValue.isValid(value) {
            context.fail(
                "the value has a character that header fields cannot have",
                suggestion: "write \(JSONText.quoted(FieldValue.cleaned(value)))",
                at: key
            )
        }
        if !config.hsts.isEmpty, !self.hasMaxAge(config.hsts) {
            context.fail(
                "\(JSONText.quoted(config.hsts)) has no max-age, so browsers ignore it",
                suggestion: "write \"max-age=31536000\"",
                at: "hsts"
            )
        }
        for (key, value, words) in [
            ("content_type_options", config.contentTypeOptions, ["nosniff"]),
            ("frame_options", config.frameOptions, ["DENY", "SAMEORIGIN"]),
            ("cross_origin_resource_policy", config.crossOriginResourcePolicy, self.resourcePolicies),
            ("referrer_policy", config.referrerPolicy, self.referrerPolicies),
        ] where !value.isEmpty && FieldValue.isValid(value) {
            let tokens = value.split(separator: ",").map { $0.filter { $0 != " " }.lowercased() }
            guard let unknown = tokens.first(where: { token in !words.contains { $0.lowercased() == token } }) else {
                continue
            }
            context.warn(
                "\(JSONText.quoted(unknown)) means nothing to browsers",
                suggestion: "write " + words.map { JSONText.quoted($0) }.joined(separator: ", or "),
                at: key
            )
        }
        self.reportPath(config.csp.reportPath, in: &context)
    }

    /// The policy, unless it cannot be sent.
    static func policy(
        _ text: String,
        _ key: String,
        _ config: SecurityHeadersMiddleware.Config,
        in context: inout BuildContext
    ) -> ContentSecurityPolicy? {
        do throws(ContentSecurityPolicy.ParseError) {
            let policy = try ContentSecurityPolicy(text)
            if policy.usesNonce, config.csp.nonce == .off {
                let isWritten = context.settings?.settings.node(at: SettingPath("csp", key))?.source.position != nil
                context.fail(
                    isWritten
                        ? "the policy uses {nonce}, but csp.nonce is off"
                        : "the policy of the preset \"\(config.preset.rawValue)\" needs a nonce",
                    suggestion: "set csp.nonce to \"html\" or \"header\", or use a policy without {nonce}",
                    at: "csp",
                    isWritten ? key : "nonce"
                )
            }
            for warning in policy.warnings {
                context.warn(warning.message, suggestion: warning.suggestion, at: "csp", key)
            }
            return policy
        } catch {
            context.fail(error.message, suggestion: error.suggestion, at: "csp", key)
            return nil
        }
    }

    private static func reportPath(_ path: String, in context: inout BuildContext) {
        guard !path.isEmpty, !CSPReportRoutes.isPath(path) else { return }
        context.fail(
            "\(JSONText.quoted(path)) is not a path",
            suggestion: "write \"\(SecurityHeadersMiddleware.Config.reportPath)\"",
            at: "csp",
            "report_path"
        )
    }

    /// RFC 6797 section 6.1.1.
    private static func hasMaxAge(_ value: String) -> Bool {
        value.lowercased().split(separator: ";").contains { directive in
            let parts = directive.filter { $0 != " " && $0 != "\"" }.split(separator: "=")
            return parts.count == 2 && parts[0] == "max-age" && parts[1].allSatisfy(\.isASCII)
                && parts[1].allSatisfy(\.isNumber)
        }
    }

    private static let resourcePolicies = ["same-origin", "same-site", "cross-origin"]
    private static let referrerPolicies = [
        "no-referrer", "no-referrer-when-downgrade", "origin", "origin-when-cross-origin", "same-origin",
        "strict-origin", "strict-origin-when-cross-origin", "unsafe-url",
    ]
}
