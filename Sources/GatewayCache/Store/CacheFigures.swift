/// What a cache holds, and how many responses it evicted.
package struct CacheFigures: Hashable, Sendable {
    package var bytes: Int
    package var objects: Int
    /// To make room for others.
    package var evictedForSize: Int
    /// Because they were of no more use.
    package var evictedExpired: Int
}
