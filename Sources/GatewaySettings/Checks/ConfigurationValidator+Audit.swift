/// The checks of `[audit]`.
extension ConfigurationValidator {
    mutating func audit() {
        let audit = self.configuration.audit
        let path = SettingPath("audit")
        if audit.file.hasSuffix("/") {
            report(
                path + "file",
                "\(JSONText.quoted(audit.file)) is a folder",
                "write \(JSONText.quoted(audit.file + "audit.jsonl"))"
            )
        }
        if case .file(audit.file) = self.configuration.log.access {
            report(path + "file", "\(JSONText.quoted(audit.file)) is also log.access", "write another file")
        }
        for (index, events) in audit.events.enumerated() where audit.events[..<index].contains(events) {
            report(path + "events" + index, "\(JSONText.quoted(events.rawValue)) is in the list twice", "remove it")
        }
    }
}
