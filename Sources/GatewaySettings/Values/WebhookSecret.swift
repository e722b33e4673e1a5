import GatewayHTTP

/// The key that signs what a webhook receives (Standard Webhooks).
package struct WebhookSecret: Hashable, Sendable {
    /// 24 to 64 bytes.
    package let key: [UInt8]

    package static let lengths = 24...64
    private static let prefix = "whsec_"

    /// Reads `whsec_` and base64 with padding. Libraries decode a secret without the prefix too.
    ///
    /// - Throws: An error that does not repeat the secret.
    package init(_ text: String) throws(SettingError) {
        let base64 = text.hasPrefix(Self.prefix) ? text.dropFirst(Self.prefix.count) : text[...]
        let advice = "use the output of `echo whsec_$(openssl rand -base64 32)`"
        guard let key = Array(base64.utf8).withUnsafeBytes({ StrictBase64.decode($0) }) else {
            let lacksPadding = !base64.utf8.count.isMultiple(of: 4) && base64.utf8.allSatisfy(Base64.isDigit)
            throw SettingError(
                lacksPadding ? "the base64 of the secret lacks its padding" : "the secret is not base64",
                suggestion: lacksPadding ? "add \"=\" until its length is a multiple of 4" : advice
            )
        }
        guard Self.lengths.contains(key.count) else {
            throw SettingError("the secret does not have 24 to 64 bytes", suggestion: advice)
        }
        self.key = key
    }

    /// Makes a secret of 32 random bytes.
    package static func make() -> String {
        let key = (0..<32).map { _ in UInt8.random(in: 0...255) }
        return self.prefix + String(decoding: Base64.encode(key), as: UTF8.self)
    }
}
