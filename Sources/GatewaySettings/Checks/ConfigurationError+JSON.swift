extension ConfigurationError {
    /// The error or warning as `gateway check --json` prints it.
    package var json: JSONValue {
        var members: [String: JSONValue] = [
            "line": .integer(self.line), "column": .integer(self.column), "key": .string(self.key),
            "message": .string(self.message), "suggestion": .string(self.suggestion),
        ]
        members["rule"] = self.rule.map { .string($0) }
        members["route"] = self.route.map { .string($0) }
        return .sorted(members)
    }
}

extension JSONValue {
    /// The result of checking a configuration, as `gateway check --json` prints it.
    ///
    /// - Parameter file: The name of the configuration; empty if it was built in code.
    package static func check(
        of file: String,
        errors: [ConfigurationError],
        warnings: [ConfigurationError] = []
    ) -> JSONValue {
        [
            "errors": .array(errors.map(\.json)), "file": .string(file), "valid": .boolean(errors.isEmpty),
            "warnings": .array(warnings.map(\.json)),
        ]
    }
}
