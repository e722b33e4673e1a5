/// Which parameters of a query count, and in which order. What does not count does not go upstream either, so that nothing
/// outside the key decides about a stored response.
package struct QueryRules: Hashable, Sendable {
    private let ignored: [NameGlob]
    private let isSorted: Bool

    package init(ignored: [String] = [], isSorted: Bool = false) {
        self.ignored = ignored.map { NameGlob($0) }
        self.isSorted = isSorted
    }

    /// Whether no query changes.
    package var isEmpty: Bool { self.ignored.isEmpty && !self.isSorted }

    /// Returns the query that counts, or nil if it is the same.
    ///
    /// Only `&` separates parameters. Names are compared as they are written: `utm%5Fid` is not `utm_id`, and counts.
    ///
    /// - Parameter query: Without the question mark.
    package func applied(to query: UnsafeRawBufferPointer) -> [UInt8]? {
        guard !query.isEmpty, !self.isEmpty else { return nil }
        let all = query.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false)
        var kept = all.filter { parameter in
            let name = Self.name(of: parameter)
            return !self.ignored.contains { $0.matches(name) }
        }
        if self.isSorted {
            let order = kept.indices.sorted { left, right in
                let (first, second) = (Self.name(of: kept[left]), Self.name(of: kept[right]))
                // Parameters of one name stay in their order, which may mean something.
                return first.elementsEqual(second) ? left < right : first.lexicographicallyPrecedes(second)
            }
            kept = order.map { kept[$0] }
        }
        let new = Array(kept.joined(separator: CollectionOfOne(UInt8(ascii: "&"))))
        return new.elementsEqual(query) ? nil : new
    }

    private static func name(
        of parameter: Slice<UnsafeRawBufferPointer>
    ) -> Slice<UnsafeRawBufferPointer> {
        parameter.prefix { $0 != UInt8(ascii: "=") }
    }
}
