/// What routing looks at. The pointers hold for the time of one call.
package protocol RoutedRequest {
    var method: UnsafeRawBufferPointer { get }
    /// The authority as the client wrote it: a port, a trailing dot and capitals may be there.
    var host: UnsafeRawBufferPointer { get }
    /// In the form that `PathNormalizer` gives.
    var path: UnsafeRawBufferPointer { get }
    /// Without the question mark; empty where there is none.
    var query: UnsafeRawBufferPointer { get }
    /// Whether at least one field line is accepted by `condition`.
    func satisfies(_ condition: HeaderCondition) -> Bool
}
