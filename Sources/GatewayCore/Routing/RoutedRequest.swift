/// The parts of a request that routing uses. The pointers are valid for the duration of one call.
package protocol RoutedRequest {
    var method: UnsafeRawBufferPointer { get }
    /// The authority as the client wrote it. It may contain a port, a trailing dot and upper-case letters.
    var host: UnsafeRawBufferPointer { get }
    /// The path as normalized by `PathNormalizer`.
    var path: UnsafeRawBufferPointer { get }
    /// The query without the question mark; empty if there is none.
    var query: UnsafeRawBufferPointer { get }
    /// Returns whether at least one field line meets `condition`.
    func satisfies(_ condition: HeaderCondition) -> Bool
}
