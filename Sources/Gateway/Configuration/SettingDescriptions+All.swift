// Generated from the doc comments by ReferenceTests: GOLDEN=write swift test --filter ReferenceTests
// swift-format-ignore-file

extension SettingDescriptions {
    static let all: [String: String] = [
        "AccessLogMiddleware.Config.sample": "Fraction of requests that get a line, from 0 to 1.",
        "AdminConfiguration.expose": "Admin paths that are also served on `server.listen`.",
        "AdminConfiguration.listen": "One address, or `\"off\"`.",
        "AdminConfiguration.token": "Bearer token that callers must send. Empty: only loopback may connect.",
        "CompressionMiddleware.Config.algorithms":
            "Codings offered, in order of preference. The client's weights take precedence over this order.",
        "CompressionMiddleware.Config.brotliQuality": "From 0 (fastest) to 11 (smallest).",
        "CompressionMiddleware.Config.gzipLevel": "For `gzip` and `deflate`, from 1 (fastest) to 9 (smallest).",
        "CompressionMiddleware.Config.maxStreams":
            "Maximum number of concurrent encoders per event loop. Further responses are sent uncompressed.",
        "CompressionMiddleware.Config.minSize": "Bodies known to be shorter are sent uncompressed.",
        "CompressionMiddleware.Config.types":
            "Media types to compress. One `*` matches any characters. `text/event-stream` must be listed explicitly; `application/grpc*` is never compressed.",
        "ConcurrencyMiddleware.Config.adaptive":
            "Lowers the limit when the latency of the upstream grows with the number of requests.",
        "ConcurrencyMiddleware.Config.maxInFlight": "Maximum number of concurrent requests per route, at least 1.",
        "ETagMiddleware.Config.maxBody": "Larger responses, and responses of unknown length, pass unchanged.",
        "ETagMiddleware.Config.strength": "Strength of generated tags. Equal strong tags promise equal bytes.",
        "ErrorsMiddleware.Config.format": "Format of error bodies. `\"negotiate\"` follows `Accept`.",
        "ErrorsMiddleware.Config.normalize": "Which upstream errors are replaced by the gateway's format.",
        "ErrorsMiddleware.Config.pass":
            "Upstream error bodies of these types pass unchanged: an API's own errors reach its clients. Patterns such as `text/*` and `application/*+json` are allowed.",
        "ErrorsMiddleware.Config.proxyStatus": "Adds `Proxy-Status` (RFC 9209) to errors raised by the gateway.",
        "ErrorsMiddleware.Config.typeBase": "Prefix of the `type` of problem details; the code is appended.",
        "GatewayConfiguration.admin": "The listener for health and metrics.",
        "GatewayConfiguration.log": "What is logged, how, and where.",
        "GatewayConfiguration.metrics": "Buckets and limits of `/metrics`.",
        "GatewayConfiguration.middleware": "Middleware settings for all routes.",
        "GatewayConfiguration.policies": "Named sets of middleware settings, for the routes that list them.",
        "GatewayConfiguration.routes": "Routes. The most specific route wins.",
        "GatewayConfiguration.server": "Where the gateway listens, which proxies it trusts, and how it stops.",
        "GatewayConfiguration.upstreams": "Upstreams by name.",
        "HeadersMiddleware.Changes.add": "Fields to add. Values may use the same placeholders.",
        "HeadersMiddleware.Changes.remove": "Fields to remove.",
        "HeadersMiddleware.Changes.set":
            "Fields to set, replacing existing values. Values may use placeholders such as `{client_ip}`; `{{` and `}}` write braces, and other text in braces is kept.",
        "HeadersMiddleware.Config.request": "Changes to the fields of requests sent upstream.",
        "HeadersMiddleware.Config.response":
            "Changes to the fields of responses, including those the gateway generates.",
        "IPMiddleware.Config.allow": "Networks that may use the route. Empty: all.",
        "IPMiddleware.Config.deny": "Networks that may not, regardless of `allow`.",
        "LimitsConfiguration.bodyRate": "Minimum rate of a request body, after 10 s of grace. Slower clients get 408.",
        "LimitsConfiguration.connections":
            "Maximum number of client connections. Further ones get 503 and are closed. `auto` is the limit on file descriptors minus 1,024.",
        "LimitsConfiguration.headerCount": "Maximum number of header lines per request.",
        "LimitsConfiguration.headerTimeout": "Time limit for receiving the request head.",
        "LimitsConfiguration.headers": "Maximum total size of the header fields of a request.",
        "LimitsConfiguration.keepAlive": "How long an idle client connection stays open.",
        "LimitsConfiguration.requestLine": "Maximum length of the request line.",
        "LimitsConfiguration.requestsPerConnection": "Number of requests after which a client connection is closed.",
        "LimitsConfiguration.writeTimeout": "A client that accepts no data for this long is disconnected.",
        "LimitsMiddleware.Config.body": "Maximum size of a request body. Larger ones get 413.",
        "LogConfiguration.access":
            "Where the access log goes, one line per request. A relative path starts from the folder of the configuration file.",
        "LogConfiguration.format":
            "`auto` is text on a terminal, JSON elsewhere. `combined` writes the access log as Apache and nginx do.",
        "LogConfiguration.level": "The least severe messages that are logged.",
        "LogConfiguration.slowRequest":
            "A slower request is logged as a warning. Of an event stream, the time to its first byte counts.",
        "MetricsConfiguration.buckets": "Upper bounds of the duration histograms, in seconds, ascending.",
        "MetricsConfiguration.seriesLimit":
            "Maximum number of series per metric. Further label sets are counted in a shared `_OTHER` series.",
        "RateLimitMiddleware.Config.algorithm":
            "`sliding_window` estimates from two counters and never exceeds the limit within one second, minute, hour or day of the clock (UTC). `token_bucket` is exact (GCRA) and spaces requests evenly once the burst is used up.",
        "RateLimitMiddleware.Config.burst":
            "For `token_bucket`: how many requests may arrive at once. `\"auto\"` is the limit. With several rates it applies to the one with the shortest window. The limit fields report it as the limit.",
        "RateLimitMiddleware.Config.cost": "Quota that one request uses.",
        "RateLimitMiddleware.Config.exempt": "Networks whose clients are not limited.",
        "RateLimitMiddleware.Config.headers":
            "Limit fields of responses. `ietf`: `RateLimit` and `RateLimit-Policy`. `legacy`: `X-RateLimit-Limit`, `-Remaining` and `-Reset` (seconds from now).",
        "RateLimitMiddleware.Config.ipv6Prefix": "Prefix length by which IPv6 clients are grouped, 1 to 128.",
        "RateLimitMiddleware.Config.key":
            "What identifies a client. If the header or cookie is missing, the client's address is used.",
        "RateLimitMiddleware.Config.limit": "Number of requests per unit of time. All rates of a list apply at once.",
        "RateLimitMiddleware.Config.maxKeys":
            "Keys that are tracked at once, at least 1. When they are all in use, new ones share a bucket for each IPv4 /24 or IPv6 /48 of the client, whatever the key is.",
        "RateLimitMiddleware.Config.mode": "`shadow` counts and logs, but rejects nothing and sends no limit fields.",
        "RateLimitMiddleware.Config.scope":
            "`policy`: routes that get the limit from the same policy share its counts.",
        "RateLimitMiddleware.Config.status": "Status of rejected requests, 400 to 599.",
        "RateLimitMiddleware.Config.store": "Where counts are kept.",
        "RedirectConfiguration.status": "301, 302, 303, 307 or 308.",
        "RedirectConfiguration.to":
            "A URL or path, escaped. May use `{scheme}`, `{host}`, `{path}`, `{query}`, `{uri}` (path with query), `{client_ip}`, `{request_id}` and `{route}`; `{{` and `}}` write braces.",
        "RequestIDMiddleware.Config.accept":
            "Whose request IDs are accepted, if they have 1–128 characters of `A-Za-z0-9._~-`.",
        "RequestIDMiddleware.Config.aliases":
            "Further fields that carry the ID, and from which it is read if `header` is missing.",
        "RequestIDMiddleware.Config.format": "Format of new IDs.",
        "RequestIDMiddleware.Config.header": "Field that carries the ID, on requests and responses.",
        "RespondConfiguration.body": "The whole body.",
        "RespondConfiguration.headers": "Header fields by name.",
        "RespondConfiguration.status": "200 to 599.",
        "RouteConfiguration.forwardPath": "Forward the path as it was matched, or as the client wrote it.",
        "RouteConfiguration.hosts": "`api.example.com`, or `*.example.org` for all names below it. Empty: any.",
        "RouteConfiguration.matchHeaders": "Header values that must match exactly. `*` matches any value.",
        "RouteConfiguration.matchQuery": "Query parameters that must match exactly. `*` matches any value.",
        "RouteConfiguration.methods": "Methods. Empty: any.",
        "RouteConfiguration.name": "Label in metrics and logs; must not begin with `_`. Empty: derived from the path.",
        "RouteConfiguration.path": "Literal segments, `{name}` for one segment, a trailing `/*` for the rest.",
        "RouteConfiguration.policies":
            "Names of `[policies.NAME]`, applied from left to right, before the tables of the route.",
        "RouteConfiguration.preserveHost": "Whether the upstream receives the client's `Host`.",
        "RouteConfiguration.redirect": "Redirect the client.",
        "RouteConfiguration.respond": "Answer without an upstream.",
        "RouteConfiguration.rewrite":
            "Path sent upstream, escaped and without a query. `{name}` and `{rest}` are what the route's path matched.",
        "RouteConfiguration.stripPrefix": "Prefix removed from the path before `rewrite`.",
        "RouteConfiguration.upgrade": "Protocols that a request may upgrade to.",
        "RouteConfiguration.upstream":
            "Name of an upstream. A route has exactly one of `upstream`, `respond` and `redirect`.",
        "SecurityHeadersMiddleware.CSP.nonce":
            "`header` sends the nonce to the upstream in `X-CSP-Nonce`. `html` also adds it to `<script>` and `<style>` in HTML responses.",
        "SecurityHeadersMiddleware.CSP.policy":
            "Policy that browsers enforce. `{nonce}` is replaced by the nonce of the response.",
        "SecurityHeadersMiddleware.CSP.reportOnly": "A second policy that browsers only report on.",
        "SecurityHeadersMiddleware.CSP.reportPath":
            "Path on the route's host where the gateway collects browser reports.",
        "SecurityHeadersMiddleware.Config.contentTypeOptions": "`X-Content-Type-Options`.",
        "SecurityHeadersMiddleware.Config.crossOriginEmbedderPolicy": "`Cross-Origin-Embedder-Policy`.",
        "SecurityHeadersMiddleware.Config.crossOriginOpenerPolicy": "`Cross-Origin-Opener-Policy`.",
        "SecurityHeadersMiddleware.Config.crossOriginResourcePolicy": "`Cross-Origin-Resource-Policy`.",
        "SecurityHeadersMiddleware.Config.csp": "`Content-Security-Policy`.",
        "SecurityHeadersMiddleware.Config.frameOptions": "`X-Frame-Options`.",
        "SecurityHeadersMiddleware.Config.hsts":
            "`Strict-Transport-Security`, on requests that arrived over TLS. An empty value sends no field, here and below.",
        "SecurityHeadersMiddleware.Config.mode": "`development` sends no HSTS and makes the CSP report-only.",
        "SecurityHeadersMiddleware.Config.override": "Replace values set by the upstream. By default they are kept.",
        "SecurityHeadersMiddleware.Config.permissionsPolicy": "`Permissions-Policy`.",
        "SecurityHeadersMiddleware.Config.preset":
            "Defaults of the other keys: `api` for APIs, `web` for sites, `strict` for sites whose scripts all carry a nonce.",
        "SecurityHeadersMiddleware.Config.referrerPolicy": "`Referrer-Policy`.",
        "SecurityHeadersMiddleware.Config.remove": "Upstream response fields that are removed.",
        "SecurityHeadersMiddleware.Config.xssProtection": "`X-XSS-Protection`.",
        "ServerConfiguration.drainDelay":
            "How long a draining gateway keeps accepting connections while it reports that it is not ready.",
        "ServerConfiguration.drainTimeout": "How long open requests may take after the listeners are closed.",
        "ServerConfiguration.forwarded": "Which forwarding fields are sent upstream.",
        "ServerConfiguration.limits": "Limits per client connection and request.",
        "ServerConfiguration.listen":
            "Addresses to listen on. `[::]` also accepts IPv4, unless an IPv4 address with the same port is listed.",
        "ServerConfiguration.trustedProxies":
            "Proxies whose `X-Forwarded-*` and `Forwarded` fields are trusted for the client's address, scheme and host. `\"unix:\"` matches all peers on Unix sockets.",
        "ServerConfiguration.workers": "Number of event loops, 1 to 1024. `auto` is one per core.",
        "TargetConfiguration.url": "`http://host:port`, without a path, or `unix:/path`.",
        "TargetConfiguration.weight": "Share of requests relative to the other targets, 1 to 1,000,000.",
        "TimeoutMiddleware.Config.connect": "Name resolution and TCP connection.",
        "TimeoutMiddleware.Config.firstByte": "From the end of the request to the head of the response.",
        "TimeoutMiddleware.Config.idle":
            "Between two reads of a body. Ends event streams only if a policy or route sets it.",
        "TimeoutMiddleware.Config.total":
            "The whole exchange, including retries. A trusted peer can shorten it with `X-Request-Timeout-Ms`.",
        "UpstreamConfiguration.balance":
            "How a target is chosen: in turn, the less busy of two random targets, at random, or by `hash_key`.",
        "UpstreamConfiguration.builtin":
            "Instead of targets: the demo upstream, or a handler of the embedding program.",
        "UpstreamConfiguration.failover": "Sends a request whose target cannot be reached to another target at once.",
        "UpstreamConfiguration.hashKey": "What `balance = \"hash\"` hashes.",
        "UpstreamConfiguration.idleTimeout":
            "How long an unused connection stays open. If the upstream announces `Keep-Alive: timeout`, the connection closes one second before that.",
        "UpstreamConfiguration.maxConnections":
            "Maximum number of connections to one target, for all workers together.",
        "UpstreamConfiguration.maxHead": "Maximum size of a response head, at most 16 MiB. Larger ones become 502.",
        "UpstreamConfiguration.maxPending":
            "Maximum number of requests that wait for a connection. Further ones get 503 at once.",
        "UpstreamConfiguration.queue": "How long a request waits for a connection before it gets 503.",
        "UpstreamConfiguration.required": "The gateway is not ready while this upstream has no healthy target.",
        "UpstreamConfiguration.resolve":
            "How often the name of a target is looked up again, 1 second to 1 day. Sooner if its DNS record has a shorter TTL.",
        "UpstreamConfiguration.setCookie": "With a `cookie:` key: set the cookie for clients that lack it.",
        "UpstreamConfiguration.targets": "URLs, or tables of `url` and `weight`.",
    ]
}
