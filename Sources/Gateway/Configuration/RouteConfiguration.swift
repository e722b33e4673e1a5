/// `[[routes]]`: which requests go where, and what happens to them on the way.
public struct RouteConfiguration: SettingTable {
    /// The label in metrics and logs, without `_` at its beginning. Empty: made from the path.
    public var name = ""
    /// `api.example.com`, or `*.example.org` for all below it. Empty: any.
    public var hosts: [String] = []
    /// Literal segments, `{name}` for one segment, `/*` at the end for the rest.
    public var path = ""
    /// Empty: any.
    public var methods: [String] = []
    /// Header values that must be present as they are; `*` takes any value.
    public var matchHeaders: [String: String] = [:]
    /// Query parameters that must be present as they are; `*` takes any value.
    public var matchQuery: [String: String] = [:]
    /// The name of an upstream. A route has this, `respond` or `redirect`.
    public var upstream: String?
    /// Answer without an upstream.
    public var respond: RespondConfiguration?
    /// Send the client elsewhere.
    public var redirect: RedirectConfiguration?
    /// Taken off the path before `rewrite`.
    public var stripPrefix = ""
    /// The path that goes upstream, escaped and without a query; `{name}` and `{rest}` stand for what the route's path took.
    public var rewrite = ""
    /// Whether the upstream sees the client's `Host`.
    public var preserveHost = PreserveHost.auto
    /// The path as it was matched, or as the client wrote it.
    public var forwardPath = ForwardPath.normalized
    /// Protocols that a request may be upgraded to.
    public var upgrade: [String] = []
    /// Names of `[policies.NAME]`, applied left to right, the route's own tables last.
    public var policies: [String] = []

    /// The route's own middleware tables.
    public var middleware = MiddlewareTables()
    /// Where `[[routes]]` stands.
    public var source = SettingSource.code

    public init() {}
}

/// An answer that needs no upstream.
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

/// An answer that sends the client elsewhere.
public struct RedirectConfiguration: SettingTable, Hashable {
    /// A URL or path, escaped. May use `{scheme}`, `{host}`, `{path}`, `{query}`, `{uri}` (path with query), `{client_ip}`,
    /// `{request_id}` and `{route}`; `{{` and `}}` write braces.
    public var to = ""
    /// 301, 302, 303, 307 or 308.
    public var status = 308

    public init() {}
    public init(to: String, status: Int = 308) {
        self.to = to
        self.status = status
    }
}

/// Whether the upstream sees the client's `Host`: `"auto"`, `true` or `false`.
public enum PreserveHost: Hashable {
    /// The client's to http and unix targets.
    case auto
    case always
    /// The target's own.
    case never
}

extension PreserveHost: Setting {
    public static var shape: SettingShape {
        .other("boolean or `\"auto\"`", schema: ["enum": ["auto", true, false]])
    }

    public init(setting value: SettingValue) throws(SettingError) {
        switch value {
        case .string("auto"): self = .auto
        case .boolean(let preserve): self = preserve ? .always : .never
        default: throw SettingError("is not allowed here", suggestion: "write \"auto\", true or false")
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

/// Which form of the path goes upstream.
public enum ForwardPath: String, SettingChoice {
    case normalized, original
}
