/// What may stand in a URI (RFC 3986, 2), for text that goes to clients or upstreams as it was written.
enum URIText {
    enum Part: String {
        case path
        /// A whole URL, or a reference to one.
        case url = "URL"

        fileprivate func forbids(_ byte: UInt8) -> Bool {
            if byte <= 0x20 || byte >= 0x7F { return true }
            return (self == .path ? "?#\\\"<>^`|" : "\\\"<>^`|{}").utf8.contains(byte)
        }
    }

    /// - Parameter query: what to do besides where there is a `?` that may not be there.
    static func check(_ text: some StringProtocol, of part: Part, query: String = "") throws(SettingError) {
        if let character = text.first(where: { $0.utf8.contains(where: part.forbids) }) {
            let escaped = character.utf8.map { "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) }
            throw SettingError(
                "has a character that no \(part.rawValue) has",
                suggestion: "write \(escaped.joined()) for it\(character == "?" ? query : "")"
            )
        }
        var rest = Array(text.utf8)[...]
        while let percent = rest.firstIndex(of: UInt8(ascii: "%")) {
            let digits = rest[(percent + 1)...].prefix(2)
            guard digits.count == 2, digits.allSatisfy({ hexValue($0) != nil }) else {
                throw SettingError("has a broken escape", suggestion: "write %25 for a percent sign")
            }
            rest = rest[(percent + 3)...]
        }
    }

    /// A path that is sent to an upstream and must mean the same to all servers.
    static func checkRequestPath(_ path: String) throws(SettingError) {
        try self.check(path, of: .path, query: "; the client's query is kept without being named")
        for segment in path.split(separator: "/") where [".", ".."].contains(unescapedPathText(segment)) {
            throw SettingError("has \"\(segment)\", which servers resolve", suggestion: "write the resolved path")
        }
        var normal: [UInt8] = []
        switch Array(path.utf8).withUnsafeBytes({ PathNormalizer.normalize($0, into: &normal) }) {
        case .invalid(.nul): throw SettingError("has %00, which no path may have", suggestion: "take it out")
        case .invalid:
            throw SettingError(
                "has a segment that begins with \".;\" or \"..;\", which some servers resolve",
                suggestion: "write the resolved path"
            )
        case .unchanged, .rewritten: break
        }
    }
}
