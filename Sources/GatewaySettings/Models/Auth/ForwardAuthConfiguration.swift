/// `[auth.forward]`: a service that decides who may pass.
public struct ForwardAuthConfiguration: SettingTable, Hashable {
    /// The URL that is asked with GET.
    public var url = ""
    /// Fields of the request that the service receives.
    public var requestHeaders = ["Authorization", "Cookie"]
    /// Fields of a 2xx response that the upstream receives.
    public var responseHeaders: [String] = []
    /// Fields of a 2xx response that the client receives.
    public var clientHeaders = ["Set-Cookie"]
    /// The field of a 2xx response that names the consumer. Empty: none.
    public var consumerHeader = ""
    /// How long the service may take.
    public var timeout = TimeSpan.seconds(2)
    /// How long a 2xx is remembered for the same method, host, URI and fields. `0s`: not.
    public var cache = TimeSpan.zero

    public init() {}
}
