/// The fuzz targets. The raw value is the name on the command line and of the folders in `corpus` and `crashes`.
enum FuzzTarget: String, CaseIterable, Sendable {
    case requests
    case http2Requests = "http2-requests"
    case responses
    case http2Responses = "http2-responses"
    case http2Frames = "http2-frames"
    case chunkedBody = "chunked-body"
    case accept
    case entityTags = "entity-tags"
    case forwarded
    case proxyHeader = "proxy-header"
    case handshake
    case webSocket = "websocket"
    case cachePolicy = "cache-policy"
    case cacheValues = "cache-values"
    case byteRanges = "byte-ranges"
    case redisReplies = "redis-replies"
    case tokens
    case basicCredentials = "basic-credentials"
    case traceContext = "trace-context"
    case securityPolicy = "security-policy"
    case html
    case fields
    case paths
    case routes
    case conditions
    case settings
    case configuration

    /// Throws if the input breaks a property. A trap is a finding too, but checks never report one that way.
    func check(_ input: [UInt8]) throws(BrokenProperty) {
        switch self {
        case .requests: try RequestCheck.check(input)
        case .http2Requests: try HTTP2RequestCheck.check(input)
        case .responses: try ResponseCheck.check(input)
        case .http2Responses: try HTTP2ResponseCheck.check(input)
        case .http2Frames: try HTTP2FrameCheck.check(input)
        case .chunkedBody: try ChunkedBodyCheck.check(input)
        case .accept: try AcceptCheck.check(input)
        case .entityTags: try EntityTagCheck.check(input)
        case .forwarded: try ForwardedCheck.check(input)
        case .proxyHeader: try ProxyHeaderCheck.check(input)
        case .handshake: try HandshakeCheck.check(input)
        case .webSocket: try WebSocketCheck.check(input)
        case .cachePolicy: try CachePolicyCheck.check(input)
        case .byteRanges: try ByteRangeCheck.check(input)
        case .cacheValues: try CacheValueCheck.check(input)
        case .redisReplies: try RedisReplyCheck.check(input)
        case .tokens: try TokenCheck.check(input)
        case .basicCredentials: try BasicCredentialsCheck.check(input)
        case .traceContext: try TraceContextCheck.check(input)
        case .securityPolicy: try SecurityPolicyCheck.check(input)
        case .html: try HTMLCheck.check(input)
        case .fields: try FieldsCheck.check(input)
        case .paths: try PathCheck.check(input)
        case .routes: try RouteCheck.check(input)
        case .conditions: try ConditionCheck.check(input)
        case .settings: try SettingCheck.check(input)
        case .configuration: try ConfigurationCheck.check(input)
        }
    }
}
