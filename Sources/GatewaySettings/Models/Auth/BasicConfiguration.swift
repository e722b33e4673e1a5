/// `[auth.basic]`: names and passwords (RFC 7617).
public struct BasicConfiguration: SettingTable, Hashable {
    /// File of names and hashed passwords, as htpasswd writes it. It is read again when it changes.
    public var file = ""
    /// Whether the upstream receives the password.
    public var forward = false

    public init() {}
}
