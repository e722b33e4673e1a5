/// The checks of `[auth.basic]`. The file is checked when it is read.
extension ConfigurationValidator {
    mutating func basic() {
        guard let basic = self.configuration.auth.basic else { return }
        let path = SettingPath("auth", "basic")
        if basic.users.isEmpty, basic.file.isEmpty, !diagnostics.hasFailure(in: path + "users") {
            reportLacking(
                path,
                "there are no users",
                "run `gateway key password NAME` and add what it prints, or add file = \".htpasswd\""
            )
        }
        for (name, user) in basic.users.sorted(by: { $0.key < $1.key }) {
            let place = path + "users" + name
            if let problem = Self.problem(ofUserName: name) {
                report(name: place, "\(JSONText.quoted(name)) \(problem)", "choose another name")
            }
            if user.password == .missing {
                reportLacking(
                    place,
                    "the user has no password",
                    "run `gateway key password NAME` and use what it prints"
                )
            }
        }
    }

    /// Says why no client could send this name (RFC 7617 section 2).
    package static func problem(ofUserName name: String) -> String? {
        if name.isEmpty { return "is not a user name" }
        if name.utf8.contains(UInt8(ascii: ":")) { return "has a colon, which ends a user name" }
        if name.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) { return "has control characters" }
        return nil
    }
}
