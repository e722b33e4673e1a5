import GatewayHTTP

/// Keeps the values of secret parameters out of logs.
enum QueryRedaction {
    private static let secretNames: [UInt128] = [
        "token", "access_token", "id_token", "key", "api_key", "apikey", "secret", "password", "passwd", "signature",
        "sig", "code", "jwt", "session",
    ].map { name in
        name.utf8.reduce(0) { $0 << 8 | UInt128($1) }
    }

    /// Writes a query, without its question mark, with `[redacted]` for the values of secret parameters.
    static func write(_ query: UnsafeRawBufferPointer, _ context: LogTextContext, into line: inout LogLine) {
        var start = 0
        var index = 0
        while index < query.count {
            let end = query[index...].firstIndex(where: isSeparator) ?? query.count
            if let equals = query[index..<end].firstIndex(of: UInt8(ascii: "=")), equals + 1 < end,
                isSecret(query[index..<equals])
            {
                line.writeLogText(UnsafeRawBufferPointer(rebasing: query[start...equals]), context)
                line.write("[redacted]")
                start = end
            }
            index = end + 1
        }
        if start < query.count { line.writeLogText(UnsafeRawBufferPointer(rebasing: query[start...]), context) }
    }

    /// Writes a URL whose query is treated likewise.
    static func writeURL(_ url: UnsafeRawBufferPointer, _ context: LogTextContext, into line: inout LogLine) {
        guard let mark = url.firstIndex(of: UInt8(ascii: "?")) else { return line.writeLogText(url, context) }
        line.writeLogText(UnsafeRawBufferPointer(rebasing: url[...mark]), context)
        write(UnsafeRawBufferPointer(rebasing: url[(mark + 1)...]), context, into: &line)
    }

    /// Some servers still split parameters at semicolons, so what follows one may be a secret as well.
    private static func isSeparator(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "&") || byte == UInt8(ascii: ";")
    }

    /// Compares the name as a server decodes it. No secret name has more bytes than a 128-bit integer, so the decoded name
    /// is packed into one: nothing is allocated. Leading NUL bytes do not count, which errs on the safe side.
    private static func isSecret(_ name: Slice<UnsafeRawBufferPointer>) -> Bool {
        var packed: UInt128 = 0
        var length = 0
        var index = name.startIndex
        while index < name.endIndex {
            var byte = name[index]
            if byte == UInt8(ascii: "%"), index + 2 < name.endIndex, let high = hexValue(name[index + 1]),
                let low = hexValue(name[index + 2])
            {
                byte = high << 4 | low
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

    private static func hexValue(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
