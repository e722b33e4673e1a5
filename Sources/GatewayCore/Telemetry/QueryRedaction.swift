import GatewayHTTP

/// Keeps the values of secret parameters out of logs.
package struct QueryRedaction: Sendable {
    /// Further names, in lower case.
    private let names: [[UInt8]]

    package init(_ names: [String] = []) { self.names = names.map { Array($0.lowercased().utf8) } }

    private static let secretNames: [UInt128] = [
        "token", "access_token", "id_token", "key", "api_key", "apikey", "secret", "password", "passwd", "signature",
        "sig", "code", "jwt", "session",
    ].map { name in
        name.utf8.reduce(0) { $0 << 8 | UInt128($1) }
    }

    /// Writes a query, without its question mark, with `[redacted]` for the values of secret parameters.
    func write(_ query: UnsafeRawBufferPointer, _ context: LogTextContext, into line: inout LogLine) {
        var start = 0
        var index = 0
        while index < query.count {
            let end = query[index...].firstIndex(where: Self.isSeparator) ?? query.count
            if let equals = query[index..<end].firstIndex(of: UInt8(ascii: "=")), equals + 1 < end,
                Self.isSecret(query[index..<equals]) || self.isNamed(query[index..<equals])
            {
                line.writeLogText(UnsafeRawBufferPointer(rebasing: query[start...equals]), context)
                line.write("[redacted]")
                start = end
            }
            index = end + 1
        }
        if start < query.count { line.writeLogText(UnsafeRawBufferPointer(rebasing: query[start...]), context) }
    }

    /// Writes a URL, with the same replacements in its query.
    func writeURL(_ url: UnsafeRawBufferPointer, _ context: LogTextContext, into line: inout LogLine) {
        guard let mark = url.firstIndex(of: UInt8(ascii: "?")) else { return line.writeLogText(url, context) }
        line.writeLogText(UnsafeRawBufferPointer(rebasing: url[...mark]), context)
        write(UnsafeRawBufferPointer(rebasing: url[(mark + 1)...]), context, into: &line)
    }

    /// Returns a URL with the same replacements in its query.
    package func redacted(url: String) -> String {
        guard let mark = url.utf8.firstIndex(of: UInt8(ascii: "?")) else { return url }
        var result = String(url[...mark])
        var rest = url[url.utf8.index(after: mark)...]
        while !rest.isEmpty {
            let end = rest.utf8.firstIndex(where: Self.isSeparator) ?? rest.endIndex
            let parameter = rest[..<end]
            let equals = parameter.utf8.firstIndex(of: UInt8(ascii: "=")) ?? parameter.endIndex
            let name = Array(parameter[..<equals].utf8)
            if equals < parameter.endIndex,
                name.withUnsafeBytes({ Self.isSecret($0[...]) || self.isNamed($0[...]) })
            {
                result += parameter[...equals] + "[redacted]"
            } else {
                result += parameter
            }
            result += rest[end...].prefix(1)
            rest = rest[end...].dropFirst()
        }
        return result
    }

    /// Some servers split parameters at semicolons too, so a secret may follow one.
    private static func isSeparator(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "&") || byte == UInt8(ascii: ";")
    }

    /// Whether it is one of the further names, which may be long.
    private func isNamed(_ name: Slice<UnsafeRawBufferPointer>) -> Bool {
        if self.names.isEmpty { return false }
        let written = UnsafeRawBufferPointer(rebasing: name)
        return self.names.contains { wanted in
            var (index, position) = (0, 0)
            while index < written.count {
                var byte = written[index]
                if let decoded = PercentEncoding.byte(at: index, of: written) {
                    byte = decoded
                    index += 2
                }
                index += 1
                if byte >= UInt8(ascii: "A"), byte <= UInt8(ascii: "Z") { byte |= 0x20 }
                guard position < wanted.count, byte == wanted[position] else { return false }
                position += 1
            }
            return position == wanted.count
        }
    }

    /// Compares the name as a server decodes it. Secret names fit in a 128-bit integer, so the decoded name is packed into
    /// one and nothing is allocated. Leading NUL bytes are ignored, which errs on the safe side.
    private static func isSecret(_ name: Slice<UnsafeRawBufferPointer>) -> Bool {
        var packed: UInt128 = 0
        var length = 0
        let name = UnsafeRawBufferPointer(rebasing: name)
        var index = 0
        while index < name.count {
            var byte = name[index]
            if let decoded = PercentEncoding.byte(at: index, of: name) {
                byte = decoded
                index += 2
            }
            index += 1
            length += 1
            if length > 16 { return false }
            if byte >= UInt8(ascii: "A"), byte <= UInt8(ascii: "Z") { byte |= 0x20 }
            packed = packed << 8 | UInt128(byte)
        }
        return secretNames.contains(packed)
    }
}
