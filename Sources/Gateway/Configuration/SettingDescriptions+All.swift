// Generated from the doc comments by ReferenceTests: GOLDEN=write swift test --filter ReferenceTests
// swift-format-ignore-file

extension SettingDescriptions {
    static let all: [String: String] = [
        "AccessLogMiddleware.Config.sample": "The share of exchanges that get a line, from 0 to 1.",
        "AdminConfiguration.expose": "Admin paths that `server.listen` serves too.",
        "AdminConfiguration.listen": "One address, or `\"off\"` for none.",
        "AdminConfiguration.token": "What a caller must send as a bearer token. Empty: open to loopback only.",
        "CompressionMiddleware.Config.algorithms":
            "What is offered, the best first; a client's own weights come before this order.",
        "CompressionMiddleware.Config.brotliQuality": "From 0, the fastest, to 11, the smallest.",
        "CompressionMiddleware.Config.gzipLevel": "From 1, the fastest, to 9, the smallest; for `gzip` and `deflate`.",
        "CompressionMiddleware.Config.maxStreams": "Encoders at once on an event loop; further responses go plain.",
        "CompressionMiddleware.Config.minSize": "Shorter bodies go plain, where the length is known.",
        "CompressionMiddleware.Config.types":
            "Media types that are encoded. One `*` stands for any characters; `text/event-stream` only where it is named itself, `application/grpc*` never.",
        "ConcurrencyMiddleware.Config.adaptive":
            "Finds a lower limit where the upstream's latency grows with the number of requests.",
        "ConcurrencyMiddleware.Config.maxInFlight": "Requests of a route at once, at least 1.",
        "ETagMiddleware.Config.maxBody": "Larger answers, and those of unknown length, pass untouched.",
        "ETagMiddleware.Config.strength": "Of the tags that the gateway makes: whether equal ones promise equal bytes.",
        "ErrorsMiddleware.Config.format": "How errors are written; `\"negotiate\"` goes by `Accept`.",
        "ErrorsMiddleware.Config.normalize": "Which errors of an upstream are replaced by the gateway's own form.",
        "ErrorsMiddleware.Config.pass":
            "Upstream error bodies of these types pass unchanged: an API's own errors reach its clients. Patterns such as `text/*` and `application/*+json` are allowed.",
        "ErrorsMiddleware.Config.proxyStatus": "`Proxy-Status` (RFC 9209) on the gateway's own errors.",
        "ErrorsMiddleware.Config.typeBase": "What the code is appended to, for the `type` of problem details.",
        "GatewayConfiguration.admin": "The listener for health, metrics and control.",
        "GatewayConfiguration.log": "What is logged, how, and where.",
        "GatewayConfiguration.metrics": "The shape of what `/metrics` shows.",
        "GatewayConfiguration.middleware": "Settings of middlewares that hold for all routes.",
        "GatewayConfiguration.policies": "Named sets of settings of middlewares, for the routes that list them.",
        "GatewayConfiguration.routes": "Which requests go where; the most specific route wins.",
        "GatewayConfiguration.server": "Where the gateway listens, whom it believes, and how it stops.",
        "GatewayConfiguration.upstreams": "Servers that answer requests, by name.",
        "HeadersMiddleware.Changes.add": "Fields that are added to what there is, with the same placeholders.",
        "HeadersMiddleware.Changes.remove": "Fields that are removed.",
        "HeadersMiddleware.Changes.set":
            "Fields that have this value and no other. Values may use placeholders such as `{client_ip}`; `{{` and `}}` write braces, other text in braces stays.",
        "HeadersMiddleware.Config.request": "What becomes of the fields that the upstream gets.",
        "HeadersMiddleware.Config.response":
            "What becomes of the fields that the client gets, also with answers of the gateway itself.",
        "IPMiddleware.Config.allow": "Who may use the route; empty for everybody.",
        "IPMiddleware.Config.deny": "Who may not, whatever `allow` says.",
        "LimitsConfiguration.bodyRate": "A request body slower than that, after 10 s of grace, is answered 408.",
        "LimitsConfiguration.connections":
            "Over that a connection is accepted, answered 503 and closed. `auto` is what the file descriptors allow, less 1,024.",
        "LimitsConfiguration.headerCount": "Header lines of one request.",
        "LimitsConfiguration.headerTimeout": "The whole head must have come by then.",
        "LimitsConfiguration.headers": "All header bytes of one request.",
        "LimitsConfiguration.keepAlive": "An idle client connection lives this long.",
        "LimitsConfiguration.requestLine": "The longest method, target and version together.",
        "LimitsConfiguration.requestsPerConnection": "After so many requests a client connection is closed.",
        "LimitsConfiguration.writeTimeout": "A client that takes no byte for so long is cut.",
        "LimitsMiddleware.Config.body": "The largest request body; a larger one is 413.",
        "LogConfiguration.access":
            "Where the access log goes, one line per request. A relative path starts from the folder of the configuration file.",
        "LogConfiguration.format":
            "`auto` is text on a terminal, JSON elsewhere. `combined` writes the access log as Apache and nginx do.",
        "LogConfiguration.level": "The least severe messages that are logged.",
        "LogConfiguration.slowRequest":
            "A slower request is logged as a warning. Of an event stream, the time to its first byte counts.",
        "MetricsConfiguration.buckets": "Upper bounds of the duration histograms in seconds, rising.",
        "MetricsConfiguration.seriesLimit":
            "Series of one metric; further label sets share an `_OTHER` series, and are counted.",
        "RateLimitMiddleware.Config.algorithm":
            "`sliding_window` estimates by two counters and never passes more than the limit in one second, minute, hour or day of the clock (UTC); `token_bucket` is exact (GCRA) and lets requests through evenly once the burst is spent.",
        "RateLimitMiddleware.Config.burst":
            "How many may come at once, for `token_bucket`; `\"auto\"` is the limit. With several rates it belongs to the shortest one. The limit fields report it as the limit.",
        "RateLimitMiddleware.Config.cost": "What one request takes.",
        "RateLimitMiddleware.Config.exempt": "Clients that are not limited.",
        "RateLimitMiddleware.Config.headers":
            "The limit fields of responses: `RateLimit` and `RateLimit-Policy`, or `X-RateLimit-Limit`, `-Remaining` and `-Reset` (seconds from now).",
        "RateLimitMiddleware.Config.ipv6Prefix": "IPv6 clients count by networks of so many bits, 1 to 128.",
        "RateLimitMiddleware.Config.key": "Who is counted. A missing header or cookie counts as the client's address.",
        "RateLimitMiddleware.Config.limit":
            "How many requests may come in which time; a list of rates holds all of them at once.",
        "RateLimitMiddleware.Config.maxKeys":
            "Keys that are tracked at once, at least 1. When they are all in use, new ones share a bucket for each IPv4 /24 or IPv6 /48 of the client, whatever the key is.",
        "RateLimitMiddleware.Config.mode": "`shadow` counts and logs, but limits nobody and sends no limit fields.",
        "RateLimitMiddleware.Config.scope":
            "`policy`: the routes that have the limit from the same policy share its counts.",
        "RateLimitMiddleware.Config.status": "Of the answer to a limited request, 400 to 599.",
        "RateLimitMiddleware.Config.store": "Where the counts are kept.",
        "RedirectConfiguration.status": "301, 302, 303, 307 or 308.",
        "RedirectConfiguration.to":
            "A URL or path, escaped. May use `{scheme}`, `{host}`, `{path}`, `{query}`, `{uri}` (path with query), `{client_ip}`, `{request_id}` and `{route}`; `{{` and `}}` write braces.",
        "RequestIDMiddleware.Config.accept": "Whose IDs are taken over: of 1–128 characters of `A-Za-z0-9._~-`.",
        "RequestIDMiddleware.Config.aliases":
            "Further fields that carry it. Where the first is missing, a request's ID is taken from them.",
        "RequestIDMiddleware.Config.format": "How a new ID is made.",
        "RequestIDMiddleware.Config.header": "Sent to the upstream and to the client.",
        "RespondConfiguration.body": "The whole body.",
        "RespondConfiguration.headers": "Header fields by name.",
        "RespondConfiguration.status": "200 to 599.",
        "RouteConfiguration.forwardPath": "The path as it was matched, or as the client wrote it.",
        "RouteConfiguration.hosts": "`api.example.com`, or `*.example.org` for all below it. Empty: any.",
        "RouteConfiguration.matchHeaders": "Header values that must be present as they are; `*` takes any value.",
        "RouteConfiguration.matchQuery": "Query parameters that must be present as they are; `*` takes any value.",
        "RouteConfiguration.methods": "Empty: any.",
        "RouteConfiguration.name":
            "The label in metrics and logs, without `_` at its beginning. Empty: made from the path.",
        "RouteConfiguration.path": "Literal segments, `{name}` for one segment, `/*` at the end for the rest.",
        "RouteConfiguration.policies":
            "Names of `[policies.NAME]`, applied left to right, the route's own tables last.",
        "RouteConfiguration.preserveHost": "Whether the upstream sees the client's `Host`.",
        "RouteConfiguration.redirect": "Send the client elsewhere.",
        "RouteConfiguration.respond": "Answer without an upstream.",
        "RouteConfiguration.rewrite":
            "The path that goes upstream, escaped and without a query; `{name}` and `{rest}` stand for what the route's path took.",
        "RouteConfiguration.stripPrefix": "Taken off the path before `rewrite`.",
        "RouteConfiguration.upgrade": "Protocols that a request may be upgraded to.",
        "RouteConfiguration.upstream": "The name of an upstream. A route has this, `respond` or `redirect`.",
        "SecurityHeadersMiddleware.CSP.nonce":
            "`header` tells the upstream the response's nonce in `X-CSP-Nonce`; `html` also puts it on `<script>` and `<style>` in HTML that passes.",
        "SecurityHeadersMiddleware.CSP.policy":
            "The policy that browsers enforce. `{nonce}` stands for the response's nonce.",
        "SecurityHeadersMiddleware.CSP.reportOnly": "A second policy, which browsers only report on.",
        "SecurityHeadersMiddleware.CSP.reportPath": "Where the gateway takes browsers' reports on the route's host.",
        "SecurityHeadersMiddleware.Config.contentTypeOptions": "`X-Content-Type-Options`.",
        "SecurityHeadersMiddleware.Config.crossOriginEmbedderPolicy": "`Cross-Origin-Embedder-Policy`.",
        "SecurityHeadersMiddleware.Config.crossOriginOpenerPolicy": "`Cross-Origin-Opener-Policy`.",
        "SecurityHeadersMiddleware.Config.crossOriginResourcePolicy": "`Cross-Origin-Resource-Policy`.",
        "SecurityHeadersMiddleware.Config.csp": "`Content-Security-Policy`.",
        "SecurityHeadersMiddleware.Config.frameOptions": "`X-Frame-Options`.",
        "SecurityHeadersMiddleware.Config.hsts":
            "`Strict-Transport-Security`, on requests that came over TLS. Empty for none, as with all values here.",
        "SecurityHeadersMiddleware.Config.mode": "`development` sends no HSTS, and the CSP as report-only.",
        "SecurityHeadersMiddleware.Config.override": "Replaces what the upstream set; otherwise that stays.",
        "SecurityHeadersMiddleware.Config.permissionsPolicy": "`Permissions-Policy`.",
        "SecurityHeadersMiddleware.Config.preset":
            "What holds where nothing else is written: `api` for answers that no browser shows, `web` for sites, `strict` for sites whose every script carries a nonce.",
        "SecurityHeadersMiddleware.Config.referrerPolicy": "`Referrer-Policy`.",
        "SecurityHeadersMiddleware.Config.remove": "Fields of the upstream that the client does not get.",
        "SecurityHeadersMiddleware.Config.xssProtection": "`X-XSS-Protection`.",
        "ServerConfiguration.drainDelay":
            "How long a stopping gateway still accepts connections while it says that it is not ready.",
        "ServerConfiguration.drainTimeout": "How long open requests may take once the listeners are closed.",
        "ServerConfiguration.forwarded": "Which forwarding headers go upstream.",
        "ServerConfiguration.limits": "What one client may take.",
        "ServerConfiguration.listen":
            "One or several addresses. `[::]` accepts IPv4 as well, unless an IPv4 address with the same port is listed.",
        "ServerConfiguration.trustedProxies":
            "Addresses whose `X-Forwarded-*` and `Forwarded` are believed: who the client is, its scheme and the host it asked. `\"unix:\"` stands for all peers on Unix sockets.",
        "ServerConfiguration.workers": "Event loops, 1 to 1024; `auto` is one a core.",
        "TargetConfiguration.url": "`http://host:port`, without a path, or `unix:/path`.",
        "TargetConfiguration.weight": "Its share of the requests against the others', 1 to 1,000,000.",
        "TimeoutMiddleware.Config.connect": "Name look-up and TCP together.",
        "TimeoutMiddleware.Config.firstByte": "From the request's end to the response's head.",
        "TimeoutMiddleware.Config.idle":
            "Between two reads of a body. Event streams are cut by it only where a policy or route sets it.",
        "TimeoutMiddleware.Config.total":
            "The whole exchange with its retries. A trusted peer shortens it with `X-Request-Timeout-Ms`.",
        "UpstreamConfiguration.balance":
            "How a target is chosen: in turn, the less busy of two random ones, at random, or by `hash_key`.",
        "UpstreamConfiguration.builtin":
            "Instead of targets: the demo upstream, or a handler of the embedding program.",
        "UpstreamConfiguration.hashKey": "What `balance = \"hash\"` hashes.",
        "UpstreamConfiguration.idleTimeout":
            "An unused connection is closed after that, or one second before the upstream's own `Keep-Alive: timeout`.",
        "UpstreamConfiguration.maxConnections": "To one target, all workers together.",
        "UpstreamConfiguration.maxHead": "A larger response head is answered 502; at most 16 MiB.",
        "UpstreamConfiguration.maxPending": "Requests that wait for a connection; over that the answer is 503 at once.",
        "UpstreamConfiguration.queue": "How long a request waits for a connection before the answer is 503.",
        "UpstreamConfiguration.required": "Without a healthy target the gateway is not ready.",
        "UpstreamConfiguration.setCookie": "With a `cookie:` key: set the cookie for clients that have none.",
        "UpstreamConfiguration.targets": "URLs, or tables of `url` and `weight`.",
    ]
}
