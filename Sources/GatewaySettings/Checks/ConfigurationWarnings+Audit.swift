extension ConfigurationWarnings {
    /// Warns about an audit log that records less than its readers may expect.
    func audit() -> [ConfigurationError] {
        let audit = self.configuration.audit
        let path = SettingPath("audit")
        var warnings: [ConfigurationError] = []
        if audit.file.isEmpty, audit.required, isWritten(path + "required") {
            warnings.append(
                warning(
                    .noEffect,
                    path + "required",
                    "there is no file to write, so memory alone keeps the entries",
                    "set audit.file"
                )
            )
        }
        if audit.events.isEmpty, !audit.file.isEmpty {
            warnings.append(
                warning(
                    .noEffect,
                    path + "events",
                    "nothing is recorded",
                    "write [\"admin\", \"config\"], or remove audit.file"
                )
            )
        }
        return warnings
    }

    private func isWritten(_ path: SettingPath) -> Bool { configuration.document.root?.node(at: path) != nil }
}
