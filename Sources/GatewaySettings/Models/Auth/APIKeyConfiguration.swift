/// `[auth.api_key]`: keys that programs send.
public struct APIKeyConfiguration: SettingTable, Hashable {
    /// The field with the key. `Authorization`: as a bearer token.
    public var header = "X-API-Key"
    /// A parameter of the query that may have the key instead. Logs redact it. Empty: none.
    public var query = ""
    /// Whether the upstream receives the key.
    public var forward = false
    /// File with further `[[keys]]`. It is read again when it changes.
    public var file = ""
    /// The keys.
    public var keys: [KeyConfiguration] = []

    public init() {}
}

/// One API key. Several of the same name belong to one consumer.
public struct KeyConfiguration: SettingTable, Hashable {
    /// The consumer.
    public var name = ""
    /// SHA-256 digest of the key, as 64 hexadecimal digits.
    public var sha256 = ""
    /// The consumer's plan. Empty: `authenticated`.
    public var plan = ""
    /// What the key allows.
    public var scope: [String] = []
    /// When the key stops working. Absent: never.
    public var expires: Expiry?
    /// Whether the key works.
    public var enabled = true

    public init() {}
}
