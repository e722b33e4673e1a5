/// Which cookies are removed from requests.
package struct CookieRules: Hashable, Sendable {
    private let stripped: [NameGlob]

    package init(stripped: [String] = []) { self.stripped = stripped.map { NameGlob($0) } }

    /// Whether all cookies stay.
    package var isEmpty: Bool { self.stripped.isEmpty }

    /// Returns the cookies that stay, or nil if all do.
    ///
    /// - Parameter value: The value of a `Cookie` field (RFC 6265 section 4.2.1).
    package func applied(to value: UnsafeRawBufferPointer) -> [UInt8]? {
        var kept: [ArraySlice<UInt8>] = []
        var isChanged = false
        for pair in Array(value).split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false) {
            let pair = Self.trimmed(pair)
            if pair.isEmpty { continue }
            let name = Self.trimmed(pair.prefix { $0 != UInt8(ascii: "=") })
            if self.stripped.contains(where: { $0.matches(name) }) {
                isChanged = true
            } else {
                kept.append(pair)
            }
        }
        return isChanged ? Array(kept.joined(separator: "; ".utf8)) : nil
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
        var bytes = bytes.drop(while: isBlank)
        while let last = bytes.last, isBlank(last) { bytes = bytes.dropLast() }
        return bytes
    }
}
