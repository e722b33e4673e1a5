// The names that `import Gateway` brings from the targets below it, so that programs need one import.
public import GatewayHTTP
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
public typealias AutomaticCount = GatewaySettings.AutomaticCount
public typealias BalancePolicy = GatewaySettings.BalancePolicy
public typealias Builtin = GatewaySettings.Builtin
public typealias ByteCount = GatewaySettings.ByteCount
public typealias ByteRate = GatewaySettings.ByteRate
public typealias CIDR = GatewaySettings.CIDR
public typealias ConfigurationError = GatewaySettings.ConfigurationError
public typealias ConfigurationErrors = GatewaySettings.ConfigurationErrors
public typealias ConnectionLimit = GatewaySettings.ConnectionLimit
public typealias ForwardPath = GatewaySettings.ForwardPath
public typealias ForwardedStyle = GatewaySettings.ForwardedStyle
public typealias GatewayConfiguration = GatewaySettings.GatewayConfiguration
public typealias IntegerSetting = GatewaySettings.IntegerSetting
public typealias KeySource = GatewaySettings.KeySource
public typealias LimitsConfiguration = GatewaySettings.LimitsConfiguration
public typealias ListenAddress = GatewaySettings.ListenAddress
public typealias LogConfiguration = GatewaySettings.LogConfiguration
public typealias LogFormat = GatewaySettings.LogFormat
public typealias LogLevel = GatewaySettings.LogLevel
public typealias MetricsConfiguration = GatewaySettings.MetricsConfiguration
public typealias MiddlewareDescription = GatewaySettings.MiddlewareDescription
public typealias MiddlewareTables = GatewaySettings.MiddlewareTables
public typealias PreserveHost = GatewaySettings.PreserveHost
public typealias Rate = GatewaySettings.Rate
public typealias Rates = GatewaySettings.Rates
public typealias RedirectConfiguration = GatewaySettings.RedirectConfiguration
public typealias RespondConfiguration = GatewaySettings.RespondConfiguration
public typealias RouteConfiguration = GatewaySettings.RouteConfiguration
public typealias ServerConfiguration = GatewaySettings.ServerConfiguration
public typealias Setting = GatewaySettings.Setting
public typealias SettingChoice = GatewaySettings.SettingChoice
public typealias SettingError = GatewaySettings.SettingError
public typealias SettingNode = GatewaySettings.SettingNode
public typealias SettingShape = GatewaySettings.SettingShape
public typealias SettingSource = GatewaySettings.SettingSource
public typealias SettingTable = GatewaySettings.SettingTable
public typealias SettingTableWithShorthand = GatewaySettings.SettingTableWithShorthand
public typealias SettingValue = GatewaySettings.SettingValue
public typealias SourcePosition = GatewaySettings.SourcePosition
public typealias TargetConfiguration = GatewaySettings.TargetConfiguration
public typealias TargetURL = GatewaySettings.TargetURL
public typealias TimeLimit = GatewaySettings.TimeLimit
public typealias TimeSpan = GatewaySettings.TimeSpan
public typealias TrustedProxy = GatewaySettings.TrustedProxy
public typealias UpstreamConfiguration = GatewaySettings.UpstreamConfiguration
public typealias Workers = GatewaySettings.Workers
