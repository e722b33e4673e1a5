// Generated from the doc comments by ReferenceTests: GOLDEN=write swift test --filter ReferenceTests
// swift-format-ignore-file
import GatewaySettings

extension AccessLogMiddleware.Config: DescribedSettings {
    package static let descriptions: [String: String] = [
        "sample": "Fraction of requests that get a line, from 0 to 1.",
    ]
}

extension AuthMiddleware.Config: DescribedSettings {
    package static let descriptions: [String: String] = [
        "any":
            "The kinds of credentials that the route accepts, in the order in which they are looked for: `api_key`, `jwt`, `basic`, `forward`.",
        "failures":
            "How many wrong credentials a client address may send, on all routes together. Further requests get 429. `\"off\"`: any number.",
        "mode": "`shadow` logs and counts, but refuses nothing.",
        "optional": "Whether requests without any credential pass as anonymous. Wrong credentials never pass.",
        "require":
            "What an accepted credential must have, all of it: `scope` (every word), `consumer`, `plan`, `jwt.NAME` (one of the values). Others get 403.",
    ]
}

extension CORSMiddleware.Config: DescribedSettings {
    package static let descriptions: [String: String] = [
        "credentials": "Whether pages may send cookies and client certificates.",
        "expose":
            "Response fields that pages may read. `\"auto\"`: the limit fields, `Retry-After`, the request ID and `ETag`, if the route can send them.",
        "headers": "Request fields that pages may send. `*` allows all but `Authorization`, which must be named.",
        "maxAge": "How long browsers remember the answer to a preflight, at most 24 h.",
        "methods":
            "Methods that pages may use, in addition to GET, HEAD and POST, which browsers always allow. Case matters.",
        "origins":
            "Origins whose pages may use the route: `https://app.example.com`, `https://*.example.com` (any subdomain, not the domain itself), `http://localhost:*` (any port), `*` (any origin), or `null` (sandboxed frames and local files of any site).",
        "privateNetwork": "Whether pages of public sites may use the route on a private network.",
    ]
}

extension CacheMiddleware.Config: DescribedSettings {
    package static let descriptions: [String: String] = [
        "coalesce": "Sends one request upstream for all that wait for the same response.",
        "coalesceWait": "A second request is sent if the first has no response head for this long.",
        "defaultTTL":
            "Lifetime of responses with status 200, 203, 204, 300, 301 and 308 for which the upstream sends none.",
        "heuristic":
            "Share of the time since `Last-Modified` for which a response without any lifetime is fresh, 0 to 1, at most a day.",
        "ignoreClient":
            "Of a client's `Cache-Control` only `only-if-cached` counts. `false`: all directives of RFC 9111.",
        "ignoreQuery": "Query parameters that are removed from the key and from the request, such as `utm_*`.",
        "keyConsumer": "Each consumer has its own responses, and what identified it does not count as credentials.",
        "keyHost": "`false`: all hosts of a route share their responses.",
        "maxObject": "Responses with a larger body pass without being stored.",
        "maxSize":
            "Memory for stored responses, with their keys and heads. All routes share one pool of the largest size that is configured.",
        "overrideTTL":
            "Lifetime of responses with the statuses of `default_ttl`, whatever the upstream sends, `no-store` and `private` included.",
        "ranges": "Answers range requests from stored responses.",
        "redisMaxObject": "Responses with a larger body are not written to Redis. At most 8 MiB.",
        "sortQuery": "Sorts query parameters by name, in the key and in the request.",
        "staleIfError": "How long a stale response replaces errors of the upstream, if the upstream does not say.",
        "staleWhileRevalidate":
            "How long a stale response is served while it is fetched again, if the upstream does not say.",
        "statusHeader": "Adds `Cache-Status` (RFC 9211).",
        "statusTTL":
            "Lifetime by status, such as `{ 404 = \"10s\" }`, of responses for which the upstream sends none. Takes precedence over `default_ttl`.",
        "store":
            "Where responses are kept: `redis` keeps them in memory and in Redis, for all gateways that use the same server and prefix.",
        "stripCookies": "Cookies that are removed from GET and HEAD requests, such as `_ga*`, or `*` for all.",
        "tagsHeader":
            "Response field with the tags of a response, for purges. It is removed before the response goes to the client.",
        "targets":
            "Fields that replace `Cache-Control` for this cache (RFC 9213). The first valid one counts. All go on to the client.",
        "vary": "Request fields that are part of the key, in addition to those in `Vary`.",
        "warm": "Requests that the gateway makes at start and before their responses expire.",
    ]
}

extension CacheMiddleware.Warm: DescribedSettings {
    package static let descriptions: [String: String] = [
        "every": "The longest time between two requests.",
        "headers": "Further request fields.",
        "host": "The host. Empty: the first of the route that has no wildcard.",
        "path": "The path, with a query if needed.",
    ]
}

extension CompressionMiddleware.Config: DescribedSettings {
    package static let descriptions: [String: String] = [
        "algorithms": "Codings offered, in order of preference. The client's weights take precedence over this order.",
        "brotliQuality": "From 0 (fastest) to 11 (smallest).",
        "gzipLevel": "For `gzip` and `deflate`, from 1 (fastest) to 9 (smallest).",
        "maxStreams": "Maximum number of concurrent encoders per event loop. Further responses are sent uncompressed.",
        "minSize": "Bodies known to be shorter are sent uncompressed.",
        "types":
            "Media types to compress. One `*` matches any characters. `text/event-stream` must be listed explicitly; `application/grpc*` is never compressed.",
    ]
}

extension ConcurrencyMiddleware.Config: DescribedSettings {
    package static let descriptions: [String: String] = [
        "adaptive": "Lowers the limit when the latency of the upstream grows with the number of requests.",
        "maxInFlight": "Maximum number of concurrent requests per route, at least 1.",
    ]
}

extension ETagMiddleware.Config: DescribedSettings {
    package static let descriptions: [String: String] = [
        "maxBody": "Larger responses, and responses of unknown length, pass unchanged.",
        "strength": "Strength of generated tags. Equal strong tags promise equal bytes.",
    ]
}

extension ErrorsMiddleware.Config: DescribedSettings {
    package static let descriptions: [String: String] = [
        "format": "Format of error bodies. `\"negotiate\"` follows `Accept`.",
        "normalize": "Which upstream errors are replaced by the gateway's format.",
        "pass":
            "Upstream error bodies of these types pass unchanged: an API's own errors reach its clients. Patterns such as `text/*` and `application/*+json` are allowed.",
        "proxyStatus": "Adds `Proxy-Status` (RFC 9209) to errors raised by the gateway.",
        "typeBase": "Prefix of the `type` of problem details; the code is appended.",
    ]
}

extension FieldsMiddleware.Config: DescribedSettings {
    package static let descriptions: [String: String] = [
        "maxBody": "Larger responses pass unchanged.",
        "parameter": "The parameter of the query that has the expression.",
    ]
}

extension HeadersMiddleware.Changes: DescribedSettings {
    package static let descriptions: [String: String] = [
        "add": "Fields to add. Values may use the same placeholders.",
        "remove": "Fields to remove.",
        "set":
            "Fields to set, replacing existing values. Values may use placeholders such as `{client_ip}`; `{{` and `}}` write braces, and other text in braces is kept.",
    ]
}

extension HeadersMiddleware.Config: DescribedSettings {
    package static let descriptions: [String: String] = [
        "request": "Changes to the fields of requests sent upstream.",
        "response": "Changes to the fields of responses, including those the gateway generates.",
    ]
}

extension IPMiddleware.Config: DescribedSettings {
    package static let descriptions: [String: String] = [
        "allow": "Networks that may use the route. Empty: all.",
        "deny": "Networks that may not, regardless of `allow`.",
    ]
}

extension LimitsMiddleware.Config: DescribedSettings {
    package static let descriptions: [String: String] = [
        "body": "Maximum size of a request body. Larger ones get 413.",
    ]
}

extension MirrorMiddleware.Config: DescribedSettings {
    package static let descriptions: [String: String] = [
        "maxBody": "Requests with a larger body are not copied.",
        "maxInFlight": "Maximum number of copies in flight to the upstream, at least 1. Further ones are dropped.",
        "percent": "Share of the requests that are copied, 0 to 100. May have a fraction.",
        "upstream": "Name of the upstream that receives the copies. It must have targets.",
    ]
}

extension RateLimitMiddleware.Config: DescribedSettings {
    package static let descriptions: [String: String] = [
        "algorithm":
            "`sliding_window` estimates from two counters and never exceeds the limit within one second, minute, hour or day of the clock (UTC). `token_bucket` is exact (GCRA) and spaces requests evenly once the burst is used up.",
        "burst":
            "For `token_bucket`: how many requests may arrive at once. `\"auto\"` is the limit. With several rates it applies to the one with the shortest window. The limit fields report it as the limit.",
        "cost": "Quota that one request uses.",
        "exempt": "Networks whose clients are not limited.",
        "headers":
            "Limit fields of responses. `ietf`: `RateLimit` and `RateLimit-Policy`. `legacy`: `X-RateLimit-Limit`, `-Remaining` and `-Reset` (seconds from now).",
        "ipv6Prefix": "Prefix length by which IPv6 clients are grouped, 1 to 128.",
        "key":
            "What identifies a client. If the header, cookie or credential is missing, the client's address is used.",
        "limit":
            "Number of requests per unit of time. All rates of a list apply at once. `\"plan\"`: those of the caller's plan.",
        "maxKeys":
            "Keys that are tracked at once, at least 1. When they are all in use, new ones share a bucket for each IPv4 /24 or IPv6 /48 of the client, whatever the key is.",
        "mode": "`shadow` counts and logs, but rejects nothing and sends no limit fields.",
        "scope": "`policy`: routes that get the limit from the same policy share its counts.",
        "status": "Status of rejected requests, 400 to 599.",
        "store": "Where counts are kept: `redis` shares them with all gateways that use the same server and prefix.",
    ]
}

extension RequestIDMiddleware.Config: DescribedSettings {
    package static let descriptions: [String: String] = [
        "accept": "Whose request IDs are accepted, if they have 1–128 characters of `A-Za-z0-9._~-`.",
        "aliases": "Further fields that carry the ID, and from which it is read if `header` is missing.",
        "format": "Format of new IDs.",
        "header": "Field that carries the ID, on requests and responses.",
    ]
}

extension RetryMiddleware.Config: DescribedSettings {
    package static let descriptions: [String: String] = [
        "attempts": "Maximum number of further tries.",
        "backoff":
            "The first wait is random up to this, and the limit doubles with each further one. `Retry-After` of a target that is tried again takes precedence.",
        "budget":
            "Retries of an upstream, as a share of its requests in the last ten seconds. Three per second are always allowed.",
        "buffer":
            "How much of a request body is kept for another try. Requests with a larger one get no other try once it has begun to flow.",
        "maxBackoff": "Maximum wait. A longer `Retry-After` ends the tries.",
        "methods":
            "Methods that may be sent twice. Others may only if they carry `Idempotency-Key`, or if nothing was sent.",
        "on":
            "What is retried: `connect` (no connection), `reset` (it ended before a response), `timeout` (`first_byte`), and statuses of the upstream such as `503` or `502-504`.",
        "perTry":
            "Time from the beginning of a try to the head of the response; `0s` for none. A late response is always retried.",
    ]
}

extension SecurityHeadersMiddleware.CSP: DescribedSettings {
    package static let descriptions: [String: String] = [
        "nonce":
            "`header` sends the nonce to the upstream in `X-CSP-Nonce`. `html` also adds it to `<script>` and `<style>` in HTML responses.",
        "policy": "Policy that browsers enforce. `{nonce}` is replaced by the nonce of the response.",
        "reportOnly": "A second policy that browsers only report on.",
        "reportPath": "Path on the route's host where the gateway collects browser reports.",
    ]
}

extension SecurityHeadersMiddleware.Config: DescribedSettings {
    package static let descriptions: [String: String] = [
        "contentTypeOptions": "`X-Content-Type-Options`.",
        "crossOriginEmbedderPolicy": "`Cross-Origin-Embedder-Policy`.",
        "crossOriginOpenerPolicy": "`Cross-Origin-Opener-Policy`.",
        "crossOriginResourcePolicy": "`Cross-Origin-Resource-Policy`.",
        "csp": "`Content-Security-Policy`.",
        "frameOptions": "`X-Frame-Options`.",
        "hsts":
            "`Strict-Transport-Security`, on requests that arrived over TLS. An empty value sends no field, here and below.",
        "mode": "`development` sends no HSTS and makes the CSP report-only.",
        "override": "Replace values set by the upstream. By default they are kept.",
        "permissionsPolicy": "`Permissions-Policy`.",
        "preset":
            "Defaults of the other keys: `api` for APIs, `web` for sites, `strict` for sites whose scripts all carry a nonce.",
        "referrerPolicy": "`Referrer-Policy`.",
        "remove": "Upstream response fields that are removed.",
        "xssProtection": "`X-XSS-Protection`.",
    ]
}

extension TimeoutMiddleware.Config: DescribedSettings {
    package static let descriptions: [String: String] = [
        "connect": "Name resolution and TCP connection.",
        "firstByte": "From the end of the request to the head of the response.",
        "idle": "Between two reads of a body. Ends event streams and WebSockets only if a policy or route sets it.",
        "total": "The whole exchange, including retries. A trusted peer can shorten it with `X-Request-Timeout-Ms`.",
    ]
}

extension TracingMiddleware.Config: DescribedSettings {
    package static let descriptions: [String: String] = [
        "always": "What is kept all the same: `error`, `slow`. Absent: that of `[tracing]`.",
        "sample": "Share of the traces that begin here and are kept, 0 to 1. Absent: that of `[tracing]`.",
    ]
}

extension WebSocketMiddleware.Config: DescribedSettings {
    package static let descriptions: [String: String] = [
        "idleTimeout":
            "A side that sends nothing for this long, not even a pong, is gone. The other one is closed with 1001.",
        "maxConnections": "Maximum number of WebSockets per route, at least 1. Further handshakes get 503.",
        "maxMessage":
            "Maximum size of a message, as sent, in all its frames. Larger ones close the WebSocket with 1009.",
        "maxPerClient":
            "Maximum number of WebSockets per route and consumer, or client address where there is none. Further handshakes get 429. 0: no limit.",
        "origins":
            "Origins whose pages may connect, such as `https://app.example.com`, `https://*.example.com` or `http://localhost:*`. Empty: any. Clients that send no `Origin` may always connect.",
        "pingInterval": "How often both sides are pinged.",
    ]
}
