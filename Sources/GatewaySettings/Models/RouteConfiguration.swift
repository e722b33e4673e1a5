/// `[[routes]]`: which requests go where, and what happens to them.
public struct RouteConfiguration: SettingTable {
    /// Label in metrics and logs; must not begin with `_`. Empty: derived from the path.
    public var name = ""
    /// `api.example.com`, or `*.example.org` for all names below it. Empty: any.
    public var hosts: [String] = []
    /// Literal segments, `{name}` for one segment, a trailing `/*` for the rest.
    public var path = ""
    /// Methods. Empty: any.
    public var methods: [String] = []
    /// Header values that must match exactly. `*` matches any value.
    public var matchHeaders: [String: String] = [:]
    /// Query parameters that must match exactly. `*` matches any value.
    public var matchQuery: [String: String] = [:]
    /// Name of an upstream, or shares: `{ stable = 95, canary = 5 }`. A route has exactly one of `upstream`, `respond` and
    /// `redirect`.
    public var upstream: RouteUpstream?
    /// Name of a cookie that keeps a client on its side of a split.
    public var sticky = ""
    /// Answer without an upstream.
    public var respond: RespondConfiguration?
    /// Redirect the client.
    public var redirect: RedirectConfiguration?
    /// Prefix removed from the path before `rewrite`.
    public var stripPrefix = ""
    /// Path sent upstream, escaped and without a query. `{name}` and `{rest}` are what the route's path matched.
    public var rewrite = ""
    /// Whether the upstream receives the client's `Host`. `auto`: all targets but https ones do.
    public var preserveHost = PreserveHost.auto
    /// Forward the path as it was matched, or as the client wrote it.
    public var forwardPath = ForwardPath.normalized
    /// Protocols that a request may upgrade to.
    public var upgrade: [String] = []
    /// Names of `[policies.NAME]`, applied from left to right, before the tables of the route.
    public var policies: [String] = []

    /// Middleware tables of the route.
    public var middleware = MiddlewareTables()
    /// Position of `[[routes]]` in the file.
    public var source = SettingSource.code

    public init() {}
}

/// A response without an upstream.
public struct RespondConfiguration: SettingTable, Hashable {
    /// 200 to 599.
    public var status = 200
    /// The whole body.
    public var body = ""
    /// Header fields by name.
    public var headers: [String: String] = [:]

    public init() {}
    public init(status: Int, body: String = "", headers: [String: String] = [:]) {
        self.status = status
        self.body = body
        self.headers = headers
    }
}

/// A redirect.
public struct RedirectConfiguration: SettingTable, Hashable {
    /// A URL or path, escaped. May use `{scheme}`, `{host}`, `{path}`, `{query}`, `{uri}` (path with query), `{client_ip}`,
    /// `{client_cert.subject}`, `{request_id}` and `{route}`; `{{` and `}}` write braces.
    public var to = ""
    /// 301, 302, 303, 307 or 308.
    public var status = 308

    public init() {}
    public init(to: String, status: Int = 308) {
        self.to = to
        self.status = status
    }
}

/// Whether the upstream receives the client's `Host`: `"auto"`, `true` or `false`.
public enum PreserveHost: Hashable {
    /// Keep the client's `Host` for all targets but https ones.
    case auto
    case always
    /// Send the target's host.
    case never
}

extension PreserveHost: Setting {
    public static var shape: SettingShape { AutomaticBoolean.shape }

    public init(setting value: SettingValue) throws(SettingError) {
        self =
            switch try AutomaticBoolean.read(value) {
            case nil: .auto
            case true?: .always
            case false?: .never
            }
    }

    public var settingValue: SettingValue {
        switch self {
        case .auto: "auto"
        case .always: true
        case .never: false
        }
    }
}

/// The form of the path that is sent upstream.
public enum ForwardPath: String, SettingChoice {
    case normalized, original
}
