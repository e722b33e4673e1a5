package import NIOCore

/// Looks for the response to one request in the second tier: under the primary key, and if that names selecting fields, under
/// the key of the variant.
package struct TierLookup: Sendable {
    private let key: TierKey
    /// What the request selects by, once that is known.
    private var variant: [UInt8]?

    package init(_ key: TierKey) { self.key = key }

    /// Where to look first.
    package var first: String { self.key.primary }

    package enum OnReply: Sendable {
        case miss
        /// Look there next.
        case find(String)
        /// - Parameter elapsed: Milliseconds since the value was written.
        case found(StoredValue.Response, elapsed: Int64)
    }

    /// A key was read.
    ///
    /// - Parameters:
    ///   - value: The value; nil if there is none.
    ///   - left: For how many milliseconds the server keeps it, asked *before* the value: if another value replaced it in
    ///     between, it seems older than it is.
    ///   - select: Returns what the request selects by, among the fields with these names.
    package mutating func received(
        _ value: ByteBuffer?,
        left: Int64,
        select: ([String]) -> [UInt8]
    ) -> OnReply {
        switch value.flatMap(StoredValue.init) {
        case nil: return .miss
        case .selection(let names)?:
            guard self.variant == nil else { return .miss }
            let variant = select(names)
            self.variant = variant
            return .find(self.key.variant(variant))
        case .response(let response)?:
            // A value without expiry was not written by a gateway.
            guard left >= 0, response.variant == self.variant ?? select([]) else { return .miss }
            return .found(response, elapsed: max(0, response.kept - left))
        }
    }
}
