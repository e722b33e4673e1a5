/// `[auth.basic]`: names and passwords (RFC 7617).
public struct BasicConfiguration: SettingTable, Hashable {
    /// Users by name, each with a hashed password: bcrypt, SHA-256 crypt or SHA-512 crypt. `gateway key password NAME`
    /// prints the line.
    public var users: [String: UserConfiguration] = [:]
    /// File of further users, as `htpasswd -B` writes it. It is read again when it changes.
    public var file = ""
    /// Whether the upstream receives the password.
    public var forward = false

    public init() {}
}

/// One user. A string is the hashed password.
public struct UserConfiguration: SettingTableWithShorthand, Hashable {
    /// The hashed password.
    public var password = PasswordHash.missing
    /// The user's plan. Empty: `authenticated`.
    public var plan = ""
    /// What the user may do.
    public var scope: [String] = []

    public init() {}
    public init(_ password: PasswordHash) { self.password = password }
    public init(shorthand: String) throws(SettingError) { self.password = try PasswordHash.parse(shorthand) }
}
