import GatewayCore
import GatewayHTTP
public import GatewaySettings

extension CacheMiddleware {
    public struct Config: Codable, Sendable, Hashable {
        /// Where responses are kept: `redis` keeps them in memory and in Redis, for all gateways that use the same server and
        /// prefix.
        public var store = Store.memory
        /// Memory for stored responses, with their keys and heads. All routes share one pool of the largest size that is
        /// configured.
        public var maxSize = ByteCount.mebibytes(256)
        /// Responses with a larger body pass without being stored.
        public var maxObject = ByteCount.mebibytes(8)
        /// Responses with a larger body are not written to Redis. At most 8 MiB.
        public var redisMaxObject = ByteCount.mebibytes(1)
        /// Lifetime of responses with status 200, 203, 204, 300, 301 and 308 for which the upstream sends none.
        public var defaultTTL = TimeSpan.zero
        /// Lifetime by status, such as `{ 404 = "10s" }`, of responses for which the upstream sends none. Takes precedence
        /// over `default_ttl`.
        public var statusTTL: [String: TimeSpan] = [:]
        /// Lifetime of responses with the statuses of `default_ttl`, whatever the upstream sends, `no-store` and `private`
        /// included.
        public var overrideTTL = OptionalTimeSpan.none
        /// Share of the time since `Last-Modified` for which a response without any lifetime is fresh, 0 to 1, at most a
        /// day.
        public var heuristic = 0.0
        /// Fields that replace `Cache-Control` for this cache (RFC 9213). The first valid one counts. All go on to the client.
        public var targets = ["CDN-Cache-Control"]
        /// Request fields that are part of the key, in addition to those in `Vary`.
        public var vary: [String] = []
        /// Query parameters that are removed from the key and from the request, such as `utm_*`.
        public var ignoreQuery: [String] = []
        /// Sorts query parameters by name, in the key and in the request.
        public var sortQuery = false
        /// Cookies that are removed from GET and HEAD requests, such as `_ga*`, or `*` for all.
        public var stripCookies: [String] = []
        /// `false`: all hosts of a route share their responses.
        public var keyHost = true
        /// Each consumer has its own responses, and what identified it does not count as credentials.
        public var keyConsumer = false
        /// Of a client's `Cache-Control` only `only-if-cached` counts. `false`: all directives of RFC 9111.
        public var ignoreClient = true
        /// How long a stale response is served while it is fetched again, if the upstream does not say.
        public var staleWhileRevalidate = TimeSpan.zero
        /// How long a stale response replaces errors of the upstream, if the upstream does not say.
        public var staleIfError = TimeSpan.zero
        /// Sends one request upstream for all that wait for the same response.
        public var coalesce = true
        /// A second request is sent if the first has no response head for this long.
        public var coalesceWait = TimeSpan.seconds(5)
        /// Response field with the tags of a response, for purges. It is removed before the response goes to the client.
        public var tagsHeader = "Cache-Tag"
        /// Adds `Cache-Status` (RFC 9211).
        public var statusHeader = true
        /// Answers range requests from stored responses.
        public var ranges = true
        /// Requests that the gateway makes at start and before their responses expire.
        public var warm: [Warm] = []

        public init() {}
    }

    /// A request whose response is kept in the cache.
    public struct Warm: SettingTable, Hashable {
        /// The path, with a query if needed.
        public var path = ""
        /// The host. Empty: the first of the route that has no wildcard.
        public var host = ""
        /// The longest time between two requests.
        public var every = TimeSpan.minutes(1)
        /// Further request fields.
        public var headers: [String: String] = [:]

        public init() {}
    }

    public enum Store: String, SettingChoice {
        case memory
        /// Memory in front of Redis, which all gateways with the same `redis.prefix` share.
        case redis
    }
}
