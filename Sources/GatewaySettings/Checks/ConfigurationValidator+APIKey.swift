import GatewayHTTP

/// The checks of `[auth.api_key]`. The file is checked when it is read.
extension ConfigurationValidator {
    mutating func apiKey() {
        guard let settings = self.configuration.auth.apiKey else { return }
        let path = SettingPath("auth", "api_key")
        check(header: settings.header, path + "header")
        if settings.query.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F || "&=#;+%".utf8.contains($0) }) {
            report(
                path + "query",
                "\(JSONText.quoted(settings.query)) is not a name of a parameter",
                "write \"api_key\", or \"\" for none"
            )
        }
        if settings.keys.isEmpty, settings.file.isEmpty, !diagnostics.hasLost(elementsOf: path + "keys") {
            reportLacking(
                path,
                "there are no keys",
                "run `gateway key new NAME` and add the table that it prints, or add file = \"keys.toml\""
            )
        }
        var known: [String: Int] = [:]
        for (index, key) in settings.keys.enumerated() {
            let place = path + "keys" + index
            if let (name, problem, suggestion) = key.problem {
                if configuration.document.root?.node(at: diagnostics.written(place + name)) == nil {
                    reportLacking(place, problem, suggestion)
                } else {
                    report(place + name, problem, suggestion)
                }
            } else if let first = known.updateValue(index, forKey: key.sha256.lowercased()) {
                report(
                    place + "sha256",
                    "keys[\(first)], of \(JSONText.quoted(settings.keys[first].name)), has the same digest",
                    "remove one"
                )
            }
        }
    }

    private mutating func check(header: String, _ path: SettingPath) {
        guard let name = HeaderName(validating: header) else {
            return report(path, "\(JSONText.quoted(header)) is not a field name", "write \"X-API-Key\"")
        }
        if name.id.isFraming || name.id == .host {
            report(path, "\(JSONText.quoted(header)) says how to read or route a request", "write \"X-API-Key\"")
        }
    }
}
