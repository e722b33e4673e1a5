/// What the cache did with a request, for the log and the metrics.
package enum CacheResult: UInt8, CaseIterable, Sendable {
    /// Answered by a stored response that was fresh.
    case hit
    /// Answered by a stored response that was stale.
    case stale
    /// Answered by a stored response that the upstream confirmed with a 304.
    case revalidated
    /// Answered by the upstream for this request.
    case miss
    /// Answered by the upstream's response to another request.
    case coalesced
    /// The cache was not asked.
    case bypass

    package var name: StaticString {
        switch self {
        case .hit: "hit"
        case .stale: "stale"
        case .revalidated: "revalidated"
        case .miss: "miss"
        case .coalesced: "coalesced"
        case .bypass: "bypass"
        }
    }
}
