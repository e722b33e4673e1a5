/// A new API key.
package struct NewKey: Sendable {
    /// Lets scanners find keys that were published by mistake.
    package static let prefix = "gwk_"
    private static let digits = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
    /// So many digits of 62 have 256 bits.
    private static let length = 43

    /// The prefix and letters and digits, so that it needs no escapes anywhere.
    package let text: String

    package init(using random: inout some RandomNumberGenerator) {
        self.text =
            Self.prefix + String((0..<Self.length).map { _ in Self.digits.randomElement(using: &random) ?? "0" })
    }

    package var digest: KeyDigest {
        Array(self.text.utf8).withUnsafeBytes { KeyDigest(of: $0) }
    }
}
