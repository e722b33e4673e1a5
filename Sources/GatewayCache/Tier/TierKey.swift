import Crypto

/// The names of the keys under which the second tier has the responses to a request.
///
/// They are digests of what all gateways agree on, so that gateways with different seeds find the same values, names have a
/// fixed length, and nobody reads URLs from a list of keys.
package struct TierKey: Sendable {
    private let prefix: String
    private let digest: SHA256.Digest

    /// - Parameters:
    ///   - prefix: What all keys of the gateways begin with.
    ///   - material: The bytes that make the key of the cache.
    package init(prefix: String, material: some Collection<UInt8>) {
        self.prefix = prefix
        self.digest = SHA256.hash(data: Array(material))
    }

    /// The key of a response without selecting fields, or else of the names of these fields.
    package var primary: String { self.name(self.digest) }

    /// The key of the response to requests with these values of the selecting fields.
    package func variant(_ values: some Collection<UInt8>) -> String {
        var variant = SHA256()
        variant.update(data: Array(self.digest))
        variant.update(data: Array(values))
        return self.name(variant.finalize())
    }

    private func name(_ digest: SHA256.Digest) -> String {
        var name = self.prefix
        name.reserveCapacity(name.utf8.count + 70)
        name += "cache:"
        for byte in digest {
            name.unicodeScalars.append(Self.digits[Int(byte >> 4)])
            name.unicodeScalars.append(Self.digits[Int(byte & 15)])
        }
        return name
    }

    private static let digits = Array("0123456789abcdef".unicodeScalars)
}
