// Generated from the doc comments by ReferenceTests: GOLDEN=write swift test --filter ReferenceTests
// swift-format-ignore-file

extension APIKeyConfiguration: DescribedSettings {
    package static let descriptions: [String: String] = [
        "file": "File with further `[[keys]]`. It is read again when it changes.",
        "forward": "Whether the upstream receives the key.",
        "header": "The field with the key. `Authorization`: as a bearer token.",
        "keys": "The keys.",
        "query": "A parameter of the query that may have the key instead. Logs redact it. Empty: none.",
    ]
}

extension AdminConfiguration: DescribedSettings {
    package static let descriptions: [String: String] = [
        "expose": "Admin paths that are also served on `server.listen`.",
        "listen": "One address, or `\"off\"`.",
        "token": "Bearer token that callers must send. Empty: only loopback may connect.",
    ]
}

extension AlertConfiguration: DescribedSettings {
    package static let descriptions: [String: String] = [
        "cooldown": "An alert that fires again sooner after the last notice is not told, nor is its end.",
        "for": "How long the condition must hold before the alert fires.",
        "message": "What notices say, with placeholders such as `{value}` and the names of labels.",
        "minRequests": "Fewer requests than this in `window` are no data.",
        "name": "The name in the API, events and metrics.",
        "resolveAfter": "How long the condition must be over before the alert is resolved.",
        "severity": "How urgent the alert is.",
        "when": "The condition: `error_rate{route='users'} > 0.05`.",
        "window": "The time that measures look back, 10 seconds to 1 hour.",
    ]
}

extension AuditConfiguration: DescribedSettings {
    package static let descriptions: [String: String] = [
        "events": "What is recorded.",
        "file": "File of the log, one JSON object per line. Empty: only memory keeps the last 1,000 entries.",
        "required": "Whether an act is refused if it cannot be recorded.",
    ]
}

extension AuthConfiguration: DescribedSettings {
    package static let descriptions: [String: String] = [
        "apiKey": "Keys that programs send.",
        "basic": "Names and passwords.",
        "forward": "A service that decides.",
        "jwt": "JSON Web Tokens of other services.",
    ]
}

extension BasicConfiguration: DescribedSettings {
    package static let descriptions: [String: String] = [
        "file": "File of further users, as `htpasswd -B` writes it. It is read again when it changes.",
        "forward": "Whether the upstream receives the password.",
        "users":
            "Users by name, each with a hashed password: bcrypt, SHA-256 crypt or SHA-512 crypt. `gateway key password NAME` prints the line.",
    ]
}

extension CertificateConfiguration: DescribedSettings {
    package static let descriptions: [String: String] = [
        "certificate": "PEM file of the certificate, followed by its intermediate certificates.",
        "key": "PEM file of the certificate's private key.",
        "sni": "Names to use it for: `a.example`, `*.b.example`. Empty: those in the certificate.",
    ]
}

extension CircuitBreakerConfiguration: DescribedSettings {
    package static let descriptions: [String: String] = [
        "errorRate":
            "Share of failed requests over `window` that opens the circuit, 0 to 1. 0: only `failures` counts.",
        "failures": "Failures in a row that open the circuit.",
        "maxEjected": "Share of the targets that may be out at once, 0 to 1, rounded down. One may always be out.",
        "maxOpen": "Maximum of the doubled `open_for`.",
        "minRequests": "Minimum number of requests in `window` for `error_rate` to count.",
        "openFor":
            "How long a target receives no requests. Then it gets one request at a time, which decides how it goes on. Doubles each time that one fails.",
        "probes": "Successful requests in a row that close the circuit again.",
        "statuses": "Statuses that count as failures, such as `\"503\"` or `\"500-599\"`.",
        "window": "The time over which `error_rate` is measured.",
    ]
}

extension EventFilterConfiguration: DescribedSettings {
    package static let descriptions: [String: String] = [
        "alert": "The event is about one of these alerts.",
        "route": "The event is about one of these routes.",
        "severity": "The event has one of these severities.",
        "upstream": "The event is about one of these upstreams.",
    ]
}

extension EventsConfiguration: DescribedSettings {
    package static let descriptions: [String: String] = [
        "allowPrivate": "Whether the URLs of webhooks may be plain http and have private addresses.",
        "disableAfter": "A webhook whose deliveries have failed for this long is disabled.",
        "evaluate": "How often alerts are evaluated, 100 ms to 5 minutes.",
        "heartbeat": "Silence after which a stream is sent a sign of life, 1 second to 1 hour.",
        "maxClients": "Maximum number of open streams.",
        "queue": "Maximum number of events that wait to be handed on, per event loop. The oldest are dropped.",
        "retry": "Waits before each further attempt of a delivery, each varied at random by up to 20 %.",
        "sample": "How often samples are taken for the streams that subscribe to them, 100 ms to 1 hour.",
        "store":
            "SQLite file for webhooks made through the API, deliveries and the states of alerts. Empty: memory, which forgets them at the end.",
        "token": "Token that opens `/events` and what is below it, and nothing else. Empty: only `admin.token` does.",
        "webhooks": "Receivers of events.",
    ]
}

extension ForwardAuthConfiguration: DescribedSettings {
    package static let descriptions: [String: String] = [
        "cache": "How long a 2xx is remembered for the same method, host, URI and fields. `0s`: not.",
        "clientHeaders": "Fields of a 2xx response that the client receives.",
        "consumerHeader": "The field of a 2xx response that names the consumer. Empty: none.",
        "requestHeaders": "Fields of the request that the service receives.",
        "responseHeaders": "Fields of a 2xx response that the upstream receives.",
        "timeout": "How long the service may take.",
        "url": "The URL that is asked with GET.",
    ]
}

extension GatewayConfiguration: DescribedSettings {
    package static let descriptions: [String: String] = [
        "admin": "The listener for health and metrics.",
        "alerts": "Conditions that are told when they begin and end.",
        "audit": "Who changed what, when, and from where.",
        "auth": "The credentials that the gateway knows.",
        "events": "What happens is told to people and programs.",
        "log": "What is logged, how, and where.",
        "metrics": "Buckets and limits of `/metrics`.",
        "middleware": "Middleware settings for all routes.",
        "plans": "What callers may use, by the name of their plan.",
        "policies": "Named sets of middleware settings, for the routes that list them.",
        "redis": "A Redis server that gateways share.",
        "routes": "Routes. The most specific route wins.",
        "sentry": "Errors are reported to Sentry.",
        "server": "Where the gateway listens, which proxies it trusts, and how it stops.",
        "tracing": "The spans of requests are sent to a collector.",
        "upstreams": "Upstreams by name.",
    ]
}

extension HTTP2Configuration: DescribedSettings {
    package static let descriptions: [String: String] = [
        "connectionWindow": "How much of all request bodies a client may send ahead, per connection.",
        "keepalivePing":
            "Silence after which a client with an open stream is pinged, or `\"off\"`. A client that does not answer within 10 s is disconnected.",
        "maxFrame": "Maximum size of a frame, 16 KiB to 16 MiB.",
        "maxStreams": "Maximum number of concurrent streams per connection.",
        "window": "How much of a request body a client may send ahead, per stream.",
    ]
}

extension HealthCheckConfiguration: DescribedSettings {
    package static let descriptions: [String: String] = [
        "body": "Text that the first 64 KiB of the response body must contain.",
        "expect": "Statuses of a healthy target: `200-399`, or `200,204`. Redirects are not followed.",
        "headers": "Further header fields of the request.",
        "healthyAfter": "Number of successes in a row after which a target that was down is up.",
        "host": "`Host` of the request. Empty: that of the target.",
        "interval": "Time from one poll of a target to the next, 10 ms to 1 day. Each varies at random by up to 10 %.",
        "method": "Method of the request.",
        "path": "Path and query of the request.",
        "port": "Port to poll. 0: that of the target.",
        "service": "The gRPC service to ask about. Empty: the whole server.",
        "slowStart":
            "Time in which a target that was down grows from a tenth of its share of requests to all of it. `0s`: at once.",
        "timeout": "Time limit of a whole poll, from the connection to the end of the response.",
        "type":
            "`http` sends a request, `tcp` only connects, `grpc` calls `grpc.health.v1.Health/Check`, which must report `SERVING`.",
        "unhealthyAfter": "Number of failures in a row after which a target is down.",
        "whenAllDown": "While all targets are down: `fail` answers 503 at once, `try` sends requests to all of them.",
    ]
}

extension JWTConfiguration: DescribedSettings {
    package static let descriptions: [String: String] = [
        "algorithms":
            "The algorithms that are accepted, if they suit the key. Absent: RS256, ES256 and EdDSA, or HS256 with `secret`.",
        "audience": "Names of this service. `aud` must contain one of them. Empty: `aud` is not checked.",
        "cache":
            "How long a verified token is remembered, at most 1 day, and never longer than it and its key are valid. `0s`: not.",
        "consumerClaim": "The claim that names the consumer, or the path of one: `act.sub`.",
        "cookie": "A cookie that may have the token instead. Empty: none.",
        "forward": "Whether the upstream receives the token.",
        "header": "The field with the token. `Authorization`: as a bearer token. Others: the token alone.",
        "issuer": "The issuer, which `iss` must name. Empty: any.",
        "issuers": "Several issuers. The `iss` of a token chooses one.",
        "jwks": "URL of the issuer's keys, a JSON Web Key Set (RFC 7517).",
        "jwksFile": "File of the issuer's keys, a JSON Web Key Set. It is read again when it changes.",
        "leeway": "How far the clocks of issuers may be off, at most 5 minutes.",
        "planClaim": "The claim that names the plan, or its path. Empty: none.",
        "publicKey":
            "The issuer's public key as PEM text, or the file that contains it. The file is read again when it changes.",
        "refresh": "How often the keys at `jwks` are fetched again, 1 second to 1 day.",
        "required": "Claims that every token must have.",
        "scopeClaim": "The claim with the scope, or its path: a string of words, or a list. Empty: none.",
        "secret": "The secret that the issuer signs with.",
    ]
}

extension JWTIssuerConfiguration: DescribedSettings {
    package static let descriptions: [String: String] = [
        "algorithms": "The algorithms that are accepted, if they suit the key.",
        "audience": "Names of this service. `aud` must contain one of them. Empty: `aud` is not checked.",
        "cache":
            "How long a verified token is remembered, at most 1 day, and never longer than it and its key are valid. `0s`: not.",
        "consumerClaim": "The claim that names the consumer, or the path of one: `act.sub`.",
        "issuer": "The issuer, which `iss` names.",
        "jwks": "URL of the issuer's keys, a JSON Web Key Set (RFC 7517).",
        "jwksFile": "File of the issuer's keys, a JSON Web Key Set. It is read again when it changes.",
        "leeway": "How far the issuer's clock may be off, at most 5 minutes.",
        "planClaim": "The claim that names the plan, or its path. Empty: none.",
        "publicKey":
            "The issuer's public key as PEM text, or the file that contains it. The file is read again when it changes.",
        "refresh": "How often the keys at `jwks` are fetched again, 1 second to 1 day.",
        "required": "Claims that every token must have.",
        "scopeClaim": "The claim with the scope, or its path: a string of words, or a list. Empty: none.",
        "secret": "The secret that the issuer signs with.",
    ]
}

extension KeyConfiguration: DescribedSettings {
    package static let descriptions: [String: String] = [
        "enabled": "Whether the key works.",
        "expires": "When the key stops working. Absent: never.",
        "name": "The consumer.",
        "plan": "The consumer's plan. Empty: `authenticated`.",
        "scope": "What the key allows.",
        "sha256": "SHA-256 digest of the key, as 64 hexadecimal digits.",
    ]
}

extension LimitsConfiguration: DescribedSettings {
    package static let descriptions: [String: String] = [
        "bodyRate": "Minimum rate of a request body, after 10 s of grace. Slower clients get 408.",
        "connections":
            "Maximum number of client connections. Further ones get 503 and are closed. `auto` is the limit on file descriptors minus 1,024.",
        "headerCount": "Maximum number of header lines per request.",
        "headerTimeout": "Time limit for receiving the request head.",
        "headers": "Maximum total size of the header fields of a request.",
        "keepAlive": "How long an idle client connection stays open.",
        "requestLine": "Maximum length of the request line.",
        "requestsPerConnection": "Number of requests after which a client connection is closed.",
        "writeTimeout": "A client that accepts no data for this long is disconnected.",
    ]
}

extension LogConfiguration: DescribedSettings {
    package static let descriptions: [String: String] = [
        "access":
            "Where the access log goes, one line per request. A relative path starts from the folder of the configuration file.",
        "format":
            "`auto` is text on a terminal, JSON elsewhere. `combined` writes the access log as Apache and nginx do.",
        "level": "The least severe messages that are logged.",
        "slowRequest":
            "A slower request is logged as a warning. Of event streams, WebSockets and gRPC streams, the time to the first byte counts.",
    ]
}

extension MetricsConfiguration: DescribedSettings {
    package static let descriptions: [String: String] = [
        "buckets": "Upper bounds of the duration histograms, in seconds, ascending.",
        "seriesLimit":
            "Maximum number of series per metric. Further label sets are counted in a shared `_OTHER` series.",
    ]
}

extension PlanConfiguration: DescribedSettings {
    package static let descriptions: [String: String] = [
        "maxInFlight": "How many requests of one caller may be in flight at once. 0: any number.",
        "rateLimit": "Number of requests per unit of time. All rates of a list apply at once. Absent: any number.",
    ]
}

extension RedirectConfiguration: DescribedSettings {
    package static let descriptions: [String: String] = [
        "status": "301, 302, 303, 307 or 308.",
        "to":
            "A URL or path, escaped. May use `{scheme}`, `{host}`, `{path}`, `{query}`, `{uri}` (path with query), `{client_ip}`, `{client_cert.subject}`, `{request_id}` and `{route}`; `{{` and `}}` write braces.",
    ]
}

extension RedisConfiguration: DescribedSettings {
    package static let descriptions: [String: String] = [
        "cluster": "The hosts are seeds of a cluster.",
        "connections": "Connections of each worker to a server, 1 to 64.",
        "onFailure":
            "What limits do while Redis is down: count locally, let requests pass without limit fields, or refuse them with 503.",
        "prefix": "The start of all keys and channels. Gateways with the same prefix share their state.",
        "sentinel": "The name of a master. The hosts are Sentinels, which know its address.",
        "timeout":
            "How long a limit waits for an answer, 1 millisecond to 10 seconds. The cache waits four times as long.",
        "tls": "TLS towards the servers, with a `rediss://` URL.",
        "url":
            "`redis://user:password@host:6379/0`, or `rediss://` with TLS. Of several hosts, separated by commas, the first that takes writes is used.",
    ]
}

extension RespondConfiguration: DescribedSettings {
    package static let descriptions: [String: String] = [
        "body": "The whole body.",
        "headers": "Header fields by name.",
        "status": "200 to 599.",
    ]
}

extension RouteConfiguration: DescribedSettings {
    package static let descriptions: [String: String] = [
        "forwardPath": "Forward the path as it was matched, or as the client wrote it.",
        "hosts": "`api.example.com`, or `*.example.org` for all names below it. Empty: any.",
        "matchHeaders": "Header values that must match exactly. `*` matches any value.",
        "matchQuery": "Query parameters that must match exactly. `*` matches any value.",
        "methods": "Methods. Empty: any.",
        "name": "Label in metrics and logs; must not begin with `_`. Empty: derived from the path.",
        "path": "Literal segments, `{name}` for one segment, a trailing `/*` for the rest.",
        "policies": "Names of `[policies.NAME]`, applied from left to right, before the tables of the route.",
        "preserveHost": "Whether the upstream receives the client's `Host`. `auto`: all targets but https ones do.",
        "redirect": "Redirect the client.",
        "respond": "Answer without an upstream.",
        "rewrite":
            "Path sent upstream, escaped and without a query. `{name}` and `{rest}` are what the route's path matched.",
        "sticky": "Name of a cookie that keeps a client on its side of a split.",
        "stripPrefix": "Prefix removed from the path before `rewrite`.",
        "upgrade": "Protocols that a request may upgrade to.",
        "upstream":
            "Name of an upstream, or shares: `{ stable = 95, canary = 5 }`. A route has exactly one of `upstream`, `respond` and `redirect`.",
    ]
}

extension SentryConfiguration: DescribedSettings {
    package static let descriptions: [String: String] = [
        "dsn": "Where errors are reported: `https://KEY@HOST/PROJECT`. Empty: nowhere.",
        "environment": "The environment that reports name.",
        "ignore": "Statuses and error codes that are not reported.",
        "sample": "Share of the errors that are reported, 0 to 1.",
        "traces": "Share of the requests whose trace is reported, 0 to 1.",
    ]
}

extension ServerConfiguration: DescribedSettings {
    package static let descriptions: [String: String] = [
        "drainDelay": "How long a draining gateway keeps accepting connections while it reports that it is not ready.",
        "drainTimeout": "How long open requests may take after the listeners are closed.",
        "forwarded": "Which forwarding fields are sent upstream.",
        "http2": "HTTP/2 from clients.",
        "httpsRedirect":
            "Whether plain listeners redirect every request to https. Health endpoints in `admin.expose` are served plainly.",
        "limits": "Limits per client connection and request.",
        "listen":
            "Addresses to listen on. `[::]` also accepts IPv4, unless an IPv4 address with the same port is listed. With `[server.tls]`, an address uses TLS unless it begins with `http://`.",
        "maxPolls": "Maximum number of health checks in progress, over all upstreams. Further ones wait.",
        "memoryLimit":
            "Resident memory above which new requests get 503. Below 90 % of it they are accepted again. Empty: no limit.",
        "proxyProtocol":
            "Connections from `trusted_proxies` must begin with a header of the PROXY protocol, version 1 or 2. Its address is that of the peer, everywhere. Other connections are served as they are.",
        "tls": "TLS for clients. Absent: connections are plain.",
        "trustedProxies":
            "Proxies whose `X-Forwarded-*` and `Forwarded` fields are trusted for the client's address, scheme and host. `\"unix:\"` matches all peers on Unix sockets.",
        "workers": "Number of event loops, 1 to 1024. `auto` is one per core.",
    ]
}

extension TLSConfiguration: DescribedSettings {
    package static let descriptions: [String: String] = [
        "alpn": "Protocols to offer, the preferred one first.",
        "certificate":
            "PEM file of the certificate, followed by its intermediate certificates. Relative paths start from the folder of the configuration file.",
        "certificates":
            "Further certificates. The name that the client asks for chooses one: exact names before wildcards, else the first.",
        "clientAuth": "Whether clients must have a certificate. Used with `client_ca`.",
        "clientCA":
            "PEM file of the authorities that issue client certificates. Empty: clients are not asked for a certificate.",
        "handshakeTimeout": "Time limit of a handshake.",
        "key": "PEM file of the certificate's private key.",
        "minVersion": "The oldest version that is accepted.",
        "refresh": "How often the files are checked for changes, 1 second to 1 day.",
        "strictSNI": "Fails handshakes of clients that ask for no name, or for one that no certificate has.",
    ]
}

extension TargetConfiguration: DescribedSettings {
    package static let descriptions: [String: String] = [
        "url": "`http://host:port`, `https://host`, `h2c://host:port`, each without a path, or `unix:/path`.",
        "weight": "Share of requests relative to the other targets, 1 to 1,000,000.",
    ]
}

extension TracingConfiguration: DescribedSettings {
    package static let descriptions: [String: String] = [
        "always":
            "What is kept all the same: spans of failed requests, and of those that take longer than `log.slow_request`.",
        "headers": "Header fields of exports, such as credentials. They are never shown.",
        "interval": "How long spans wait for a batch to fill, 100 ms to 1 minute. A batch has up to 512.",
        "link": "The page of a trace, for links: `http://jaeger:16686/trace/{trace_id}`. Empty: no links.",
        "otlp": "The collector's base URL, to which `/v1/traces` is added. Empty: no spans.",
        "queue": "Maximum number of spans that wait to be sent. All spans of a request beyond it are dropped.",
        "sample":
            "Share of the traces that begin here and are kept, 0 to 1. For others, their parent's decision counts.",
        "service": "The name of this service in traces.",
    ]
}

extension UpstreamConfiguration: DescribedSettings {
    package static let descriptions: [String: String] = [
        "balance": "How a target is chosen: in turn, the less busy of two random targets, at random, or by `hash_key`.",
        "builtin": "Instead of targets: the demo upstream, or a handler of the embedding program.",
        "circuitBreaker": "Keeps requests from targets that fail.",
        "failover": "Sends a request whose target cannot be reached to another target at once.",
        "hashKey": "What `balance = \"hash\"` hashes.",
        "health": "Active polling of the targets.",
        "http2":
            "Whether requests use HTTP/2: `\"auto\"` if an https target offers it, `true` always, `false` never. An `h2c://` target always does. With `true`, `http://` targets get it with prior knowledge.",
        "idleTimeout":
            "How long an unused connection stays open. If the upstream announces `Keep-Alive: timeout`, the connection closes one second before that.",
        "keepalivePing":
            "How often a PING is sent on an HTTP/2 connection with open requests. `off` suits gRPC servers, which close connections that ping more often than every five minutes.",
        "maxConnections": "Maximum number of connections to one target, for all workers together.",
        "maxHead": "Maximum size of a response head, at most 16 MiB. Larger ones become 502.",
        "maxPending": "Maximum number of requests that wait for a connection. Further ones get 503 at once.",
        "maxStreams": "Maximum number of requests at once on an HTTP/2 connection, unless the target allows fewer.",
        "proxyProtocol":
            "Begins each connection with the client's address in the PROXY protocol. Connections then serve one client connection only.",
        "queue": "How long a request waits for a connection before it gets 503.",
        "required": "The gateway is not ready while this upstream has no healthy target.",
        "resolve":
            "How often the name of a target is looked up again, 1 second to 1 day. Sooner if its DNS record has a shorter TTL.",
        "setCookie": "With a `cookie:` key: set the cookie for clients that lack it.",
        "targets": "URLs, or tables of `url` and `weight`.",
        "tls": "TLS towards the https targets.",
    ]
}

extension UpstreamTLSConfiguration: DescribedSettings {
    package static let descriptions: [String: String] = [
        "ca": "PEM file of the certificate authorities to trust instead of those of the system.",
        "certificate": "PEM file of the client certificate, leaf first, for targets that require one.",
        "key": "PEM file of the private key of `certificate`.",
        "refresh": "How often the files are checked for changes, 1 second to 1 day.",
        "serverName": "Name to send (SNI) and to verify. Empty: the host of the target's URL.",
        "verify": "Verifies the certificate and the name of the target. `false` accepts any server.",
    ]
}

extension UserConfiguration: DescribedSettings {
    package static let descriptions: [String: String] = [
        "password": "The hashed password.",
        "plan": "The user's plan. Empty: `authenticated`.",
        "scope": "What the user may do.",
    ]
}

extension WebhookConfiguration: DescribedSettings {
    package static let descriptions: [String: String] = [
        "body": "The body for `format = \"template\"`, with placeholders such as `{type}` and `{data.route}`.",
        "events": "Types of events: `\"circuit.opened\"`, `\"upstream.*\"`, `\"*\"`. Empty: all.",
        "filter": "Conditions on the events, all of which apply.",
        "format": "What is posted.",
        "headers": "Further header fields of the requests.",
        "id": "The name in the API, metrics and logs. Empty: the URL's host.",
        "routingKey": "The key of an integration, for `format = \"pagerduty\"`.",
        "secret":
            "Signs the requests (Standard Webhooks): `whsec_` and the base64 of 24 to 64 bytes. Several sign one after the other.",
        "timeout": "How long a delivery may take, 100 ms to 5 minutes.",
        "url": "Where events are posted.",
    ]
}
