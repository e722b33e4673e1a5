/// The upstream of a route: a cluster of targets, or a handler in this process.
package protocol Upstream: AnyObject {
    /// The name in the configuration and the log.
    var name: String { get }
    /// Whether the upstream can serve a request now. If not, a split gives its requests to other upstreams.
    var isUsable: Bool { get }
    /// Answers the exchange, now or later, through an `UpstreamStream`.
    func take(_ exchange: Exchange)
    /// Limits the retries of this upstream's requests. Nil if they are never retried.
    var retryBudget: SharedRetryBudget? { get }
    /// Where a retry of the exchange would go.
    func retryDestination(of exchange: Exchange) -> RetryDestination
    /// Closes idle connections and lets requests in progress finish. Called when the configuration no longer contains
    /// this upstream.
    func stop()
}

extension Upstream {
    /// True: handlers in this process are always there.
    package var isUsable: Bool { true }
    package var retryBudget: SharedRetryBudget? { nil }
    package func retryDestination(of exchange: Exchange) -> RetryDestination { .tried }
}

/// The endpoint that a retry would go to.
package enum RetryDestination: Hashable, Sendable {
    /// One that the request has not tried.
    case untried
    /// One that the request has tried.
    case tried
    /// No endpoint receives requests, for example because all circuits are open.
    case none
}
