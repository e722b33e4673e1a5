/// A stored response, as it is shown to operators.
package struct CacheListing: Sendable {
    package let response: StoredResponse
    /// The bytes that it takes, with everything that is kept about it.
    package let size: Int
    package let hits: Int
}
