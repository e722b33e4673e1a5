/// Which version of the gateway this is.
public enum GatewayVersion {
    /// Semantic versioning.
    public static let current = "0.1.0"
}
