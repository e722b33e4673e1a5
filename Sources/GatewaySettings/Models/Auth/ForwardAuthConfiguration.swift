/// `[auth.forward]`: a service that decides who may pass.
public struct ForwardAuthConfiguration: SettingTable, Hashable {
    /// The URL that is asked with GET.
    public var url = ServiceURL.missing
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

extension ForwardAuthConfiguration {
    /// The name of the service among ``GatewayConfiguration/services``.
    package static let service = "_auth_forward"
    /// The maximum number of connections to the service. As many requests again wait for one, times four.
    private static let maxConnections = 256

    /// The service as an upstream.
    var upstream: UpstreamConfiguration {
        UpstreamConfiguration(service: self.url, timeout: self.timeout, maxConnections: Self.maxConnections)
    }
}
