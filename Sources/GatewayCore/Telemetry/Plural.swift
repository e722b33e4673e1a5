/// A count with its noun: `1 warning`, `2 warnings`.
package enum Plural {
    /// - Parameters:
    ///   - one: the noun for a count of 1.
    ///   - many: the noun for all other counts; `one` with an `s` by default.
    package static func of(_ count: some BinaryInteger, _ one: String, _ many: String? = nil) -> String {
        "\(count) \(count == 1 ? one : many ?? one + "s")"
    }
}
