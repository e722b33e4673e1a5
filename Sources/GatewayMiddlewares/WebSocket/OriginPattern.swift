import GatewayHTTP

/// An origin whose pages may do something: `https://app.example.com`, `https://*.example.com`, `http://localhost:*`,
/// `null` or `*`.
struct OriginPattern: Hashable, Sendable {
    private enum Form: Hashable, Sendable {
        case any
        case exact([UInt8])
        /// What comes before and after the `*`.
        case host(prefix: [UInt8], suffix: [UInt8])
        case port(prefix: [UInt8])
    }

    private let form: Form

    /// Returns nil if the text is no pattern.
    init?(_ text: String) {
        let text = text.lowercased()
        if text == "*" || text == "null" {
            self.form = text == "*" ? .any : .exact(Array(text.utf8))
            return
        }
        guard let separator = text.firstRange(of: "://") else { return nil }
        let scheme = text[..<separator.lowerBound]
        let rest = text[separator.upperBound...]
        guard !scheme.isEmpty, !rest.isEmpty, rest.allSatisfy({ !"/?#@ ".contains($0) }) else { return nil }
        if rest.hasSuffix(":*"), !rest.dropLast(2).contains("*") {
            self.form = .port(prefix: Array(text.dropLast().utf8))
        } else if rest.hasPrefix("*."), !rest.dropFirst().contains("*") {
            self.form = .host(prefix: Array("\(scheme)://".utf8), suffix: Array(rest.dropFirst().utf8))
        } else if !rest.contains("*") {
            self.form = .exact(Array(text.utf8))
        } else {
            return nil
        }
    }

    /// Returns whether an `Origin` is meant. Schemes and hosts are compared without regard to case.
    func matches(_ origin: UnsafeRawBufferPointer) -> Bool {
        switch self.form {
        case .any: return true
        case .exact(let text): return Self.equal(origin, text)
        case .host(let prefix, let suffix):
            // At least one character stands for the label.
            guard origin.count > prefix.count + suffix.count else { return false }
            let middle = origin[prefix.count..<(origin.count - suffix.count)]
            return Self.equal(UnsafeRawBufferPointer(rebasing: origin[..<prefix.count]), prefix)
                && Self.equal(UnsafeRawBufferPointer(rebasing: origin[(origin.count - suffix.count)...]), suffix)
                && middle.allSatisfy { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: ":") && $0 != UInt8(ascii: "@") }
        case .port(let prefix):
            guard origin.count > prefix.count else {
                // The default port is not written.
                return Self.equal(origin, Array(prefix.dropLast()))
            }
            return Self.equal(UnsafeRawBufferPointer(rebasing: origin[..<prefix.count]), prefix)
                && origin[prefix.count...].allSatisfy { $0 &- UInt8(ascii: "0") < 10 }
        }
    }

    private static func equal(_ left: UnsafeRawBufferPointer, _ right: [UInt8]) -> Bool {
        right.withUnsafeBytes { ByteClass.equalsIgnoringCase(left, $0) }
    }
}
