/// The version of the gateway.
public enum GatewayVersion {
    /// The version, by Semantic Versioning.
    public static let current = "0.1.0"
}
