// Re-exports types from the lower-level targets so that programs only need `import Gateway`.
public import GatewayCore
public import GatewayHTTP
public import GatewayMiddlewares
public import GatewaySettings

// MARK: Messages

public typealias HeaderBlock = GatewayHTTP.HeaderBlock
public typealias HeaderName = GatewayHTTP.HeaderName
public typealias IPAddress = GatewayHTTP.IPAddress
public typealias Method = GatewayHTTP.Method
public typealias RequestHead = GatewayHTTP.RequestHead
public typealias ResponseHead = GatewayHTTP.ResponseHead

// MARK: Configuration

public typealias AccessLogTarget = GatewaySettings.AccessLogTarget
public typealias AdminConfiguration = GatewaySettings.AdminConfiguration
public typealias AdminListen = GatewaySettings.AdminListen
public typealias ALPNProtocol = GatewaySettings.ALPNProtocol
public typealias AutomaticCount = GatewaySettings.AutomaticCount
public typealias BalancePolicy = GatewaySettings.BalancePolicy
public typealias BasicConfiguration = GatewaySettings.BasicConfiguration
public typealias Builtin = GatewaySettings.Builtin
public typealias ByteCount = GatewaySettings.ByteCount
public typealias ByteRate = GatewaySettings.ByteRate
public typealias CertificateConfiguration = GatewaySettings.CertificateConfiguration
public typealias CIDR = GatewaySettings.CIDR
public typealias CircuitBreakerConfiguration = GatewaySettings.CircuitBreakerConfiguration
public typealias ClientAuthentication = GatewaySettings.ClientAuthentication
public typealias ConfigurationError = GatewaySettings.ConfigurationError
public typealias ConfigurationErrors = GatewaySettings.ConfigurationErrors
public typealias ConnectionLimit = GatewaySettings.ConnectionLimit
public typealias ForwardedStyle = GatewaySettings.ForwardedStyle
public typealias ForwardPath = GatewaySettings.ForwardPath
public typealias GatewayConfiguration = GatewaySettings.GatewayConfiguration
public typealias HealthCheckConfiguration = GatewaySettings.HealthCheckConfiguration
public typealias HealthCheckType = GatewaySettings.HealthCheckType
public typealias HTTP2Configuration = GatewaySettings.HTTP2Configuration
public typealias IntegerSetting = GatewaySettings.IntegerSetting
public typealias KeySource = GatewaySettings.KeySource
public typealias LimitsConfiguration = GatewaySettings.LimitsConfiguration
public typealias ListenAddress = GatewaySettings.ListenAddress
public typealias LogConfiguration = GatewaySettings.LogConfiguration
public typealias LogFormat = GatewaySettings.LogFormat
public typealias LogLevel = GatewaySettings.LogLevel
public typealias MemoryLimit = GatewaySettings.MemoryLimit
public typealias MetricsConfiguration = GatewaySettings.MetricsConfiguration
public typealias MiddlewareDescription = GatewaySettings.MiddlewareDescription
public typealias MiddlewareTables = GatewaySettings.MiddlewareTables
public typealias OptionalTimeSpan = GatewaySettings.OptionalTimeSpan
public typealias PasswordHash = GatewaySettings.PasswordHash
public typealias PingInterval = GatewaySettings.PingInterval
public typealias PreserveHost = GatewaySettings.PreserveHost
public typealias ProxyProtocolVersion = GatewaySettings.ProxyProtocolVersion
public typealias Rate = GatewaySettings.Rate
public typealias Rates = GatewaySettings.Rates
public typealias RequestLimit = GatewaySettings.RequestLimit
public typealias RedirectConfiguration = GatewaySettings.RedirectConfiguration
public typealias RespondConfiguration = GatewaySettings.RespondConfiguration
public typealias RouteConfiguration = GatewaySettings.RouteConfiguration
public typealias RouteUpstream = GatewaySettings.RouteUpstream
public typealias ServerConfiguration = GatewaySettings.ServerConfiguration
public typealias ServiceURL = GatewaySettings.ServiceURL
public typealias Setting = GatewaySettings.Setting
public typealias SettingChoice = GatewaySettings.SettingChoice
public typealias SettingError = GatewaySettings.SettingError
public typealias SettingNode = GatewaySettings.SettingNode
public typealias SettingShape = GatewaySettings.SettingShape
public typealias SettingSource = GatewaySettings.SettingSource
public typealias SettingTable = GatewaySettings.SettingTable
public typealias SettingTableWithShorthand = GatewaySettings.SettingTableWithShorthand
public typealias RedisConfiguration = GatewaySettings.RedisConfiguration
public typealias RedisFailure = GatewaySettings.RedisFailure
public typealias RedisURL = GatewaySettings.RedisURL
public typealias SettingValue = GatewaySettings.SettingValue
public typealias SourcePosition = GatewaySettings.SourcePosition
public typealias StatusRange = GatewaySettings.StatusRange
public typealias StatusSet = GatewaySettings.StatusSet
public typealias TargetConfiguration = GatewaySettings.TargetConfiguration
public typealias TargetURL = GatewaySettings.TargetURL
public typealias TimeLimit = GatewaySettings.TimeLimit
public typealias TimeSpan = GatewaySettings.TimeSpan
public typealias TLSConfiguration = GatewaySettings.TLSConfiguration
public typealias TLSVersion = GatewaySettings.TLSVersion
public typealias TrustedProxy = GatewaySettings.TrustedProxy
public typealias UpstreamConfiguration = GatewaySettings.UpstreamConfiguration
public typealias UpstreamHTTP2 = GatewaySettings.UpstreamHTTP2
public typealias UpstreamTLSConfiguration = GatewaySettings.UpstreamTLSConfiguration
public typealias UserConfiguration = GatewaySettings.UserConfiguration
public typealias WhenAllDown = GatewaySettings.WhenAllDown
public typealias Workers = GatewaySettings.Workers

// MARK: Chain

public typealias AsyncBody = GatewayCore.AsyncBody
public typealias AsyncBodyWriter = GatewayCore.AsyncBodyWriter
public typealias AsyncMiddleware = GatewayCore.AsyncMiddleware
public typealias AsyncNext = GatewayCore.AsyncNext
public typealias AsyncRequest = GatewayCore.AsyncRequest
public typealias AsyncResponse = GatewayCore.AsyncResponse
public typealias BodyRank = GatewayCore.BodyRank
public typealias BodySink = GatewayCore.BodySink
public typealias BodyTooLarge = GatewayCore.BodyTooLarge
public typealias BodyTransform = GatewayCore.BodyTransform
public typealias BuildContext = GatewayCore.BuildContext
public typealias ClientAddress = GatewayCore.ClientAddress
public typealias CollectedBody = GatewayCore.CollectedBody
public typealias CompletionHook = GatewayCore.CompletionHook
public typealias Counter = GatewayCore.Counter
public typealias Deadlines = GatewayCore.Deadlines
public typealias Decision = GatewayCore.Decision
public typealias Exchange = GatewayCore.Exchange
public typealias ExchangeKey = GatewayCore.ExchangeKey
public typealias FailureHook = GatewayCore.FailureHook
public typealias GatewayError = GatewayCore.GatewayError
public typealias GatewayVersion = GatewayCore.GatewayVersion
public typealias Gauge = GatewayCore.Gauge
public typealias Histogram = GatewayCore.Histogram
public typealias HistogramBuckets = GatewayCore.HistogramBuckets
public typealias InProcessHandler = GatewayCore.InProcessHandler
public typealias ListenError = GatewayCore.ListenError
public typealias MetricDescription = GatewayCore.MetricDescription
public typealias Middleware = GatewayCore.Middleware
public typealias MiddlewareList = GatewayCore.MiddlewareList
public typealias MiddlewareRegistration = GatewayCore.MiddlewareRegistration
public typealias MiddlewareSettings = GatewayCore.MiddlewareSettings
public typealias NoSettings = GatewayCore.NoSettings
public typealias Outcome = GatewayCore.Outcome
public typealias RequestHook = GatewayCore.RequestHook
public typealias Response = GatewayCore.Response
public typealias ResponseHook = GatewayCore.ResponseHook
public typealias Resumption = GatewayCore.Resumption
public typealias TransformError = GatewayCore.TransformError

// MARK: The standard middlewares

public typealias AccessLogMiddleware = GatewayMiddlewares.AccessLogMiddleware
public typealias CacheMiddleware = GatewayMiddlewares.CacheMiddleware
public typealias CompressionMiddleware = GatewayMiddlewares.CompressionMiddleware
public typealias ConcurrencyMiddleware = GatewayMiddlewares.ConcurrencyMiddleware
public typealias ETagMiddleware = GatewayMiddlewares.ETagMiddleware
public typealias ErrorsMiddleware = GatewayMiddlewares.ErrorsMiddleware
public typealias FieldsMiddleware = GatewayMiddlewares.FieldsMiddleware
public typealias HeadersMiddleware = GatewayMiddlewares.HeadersMiddleware
public typealias IPMiddleware = GatewayMiddlewares.IPMiddleware
public typealias LimitsMiddleware = GatewayMiddlewares.LimitsMiddleware
public typealias MirrorMiddleware = GatewayMiddlewares.MirrorMiddleware
public typealias MetricsMiddleware = GatewayMiddlewares.MetricsMiddleware
public typealias RateLimitMiddleware = GatewayMiddlewares.RateLimitMiddleware
public typealias RequestIDMiddleware = GatewayMiddlewares.RequestIDMiddleware
public typealias RetryCondition = GatewayMiddlewares.RetryCondition
public typealias RetryMiddleware = GatewayMiddlewares.RetryMiddleware
public typealias SecurityHeadersMiddleware = GatewayMiddlewares.SecurityHeadersMiddleware
public typealias ServerTimingMiddleware = GatewayMiddlewares.ServerTimingMiddleware
public typealias TimeoutMiddleware = GatewayMiddlewares.TimeoutMiddleware
public typealias WebSocketMiddleware = GatewayMiddlewares.WebSocketMiddleware
