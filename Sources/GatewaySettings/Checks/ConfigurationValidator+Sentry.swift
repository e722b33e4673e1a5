/// The checks of `[sentry]`.
extension ConfigurationValidator {
    mutating func sentry() {
        let sentry = self.configuration.sentry
        let path = SettingPath("sentry")
        if !sentry.dsn.isEmpty {
            do throws(SettingError) {
                _ = try SentryDSN.parse(sentry.dsn)
            } catch {
                // The value is a credential.
                report(path + "dsn", "the value \(error.problem)", error.suggestion)
            }
        }
        share(sentry.sample, path + "sample")
        share(sentry.traces, path + "traces")
        for (index, entry) in sentry.ignore.enumerated() { ignored(entry, at: index, path + "ignore" + index) }
    }

    private mutating func share(_ share: Double, _ path: SettingPath) {
        if (0...1).contains(share) { return }
        report(
            path,
            "\(share) is not between 0 and 1",
            "write \(share > 1 ? "1.0" : "0.0"), or another number from 0 to 1"
        )
    }

    private mutating func ignored(_ entry: String, at index: Int, _ path: SettingPath) {
        if self.configuration.sentry.ignore[..<index].contains(entry) {
            return report(path, "\(JSONText.quoted(entry)) is in the list twice", "remove it")
        }
        if let status = Int(entry), (400...599).contains(status) { return }
        let known = self.vocabulary.errorCodes
        // A tool that does not know the codes leaves them to the gateway.
        if known.isEmpty || known.contains(entry) { return }
        if Int(entry) != nil {
            return report(
                path,
                "\(JSONText.quoted(entry)) is not a status of an error",
                "write a status from \"400\" to \"599\""
            )
        }
        let nearest = NearestName.of(entry, among: known) ?? "upstream_timeout"
        report(
            path,
            "\(JSONText.quoted(entry)) is neither a status nor an error code",
            "write \(JSONText.quoted(nearest)), or a status such as \"503\""
        )
    }
}
