/// Normalizes the path of a request, so that routes, policies and upstreams see the same path (RFC 3986 section
/// 6.2.2).
///
/// Decodes escaped unreserved characters, converts hexadecimal digits to upper case, merges consecutive slashes, then
/// resolves dot segments. `%2F` and `%5C` remain as ordinary characters of a segment. Rejects everything else that
/// two servers might interpret differently. Normalizing a normalized path does not change it.
package enum PathNormalizer {
    package enum Outcome: Equatable {
        /// The path is already normalized. Nothing was written.
        case unchanged
        /// The output holds the normalized path.
        case rewritten
        /// The request is rejected with 400.
        case invalid(Reason)
    }

    package enum Reason: Equatable {
        case notAbsolute
        case aboveRoot
        case backslash
        case nul
        case brokenEscape
        case dotSegmentWithParameter
        case forbiddenByte(UInt8)
    }

    /// Normalizes a path.
    ///
    /// - Parameters:
    ///   - path: The request target without its query. An empty path (as in `http://host`) is read as `/`.
    ///   - output: Replaced with the normalized path if it differs. Its capacity is kept for reuse.
    package static func normalize(_ path: UnsafeRawBufferPointer, into output: inout [UInt8]) -> Outcome {
        var hasEncodedSlash = false
        return self.normalize(path, into: &output, &hasEncodedSlash)
    }

    /// Normalizes a path and reports encoded slashes.
    ///
    /// - Parameter hasEncodedSlash: Set if the path contains `%2F` or `%5C`. Never cleared.
    package static func normalize(
        _ path: UnsafeRawBufferPointer,
        into output: inout [UInt8],
        _ hasEncodedSlash: inout Bool
    ) -> Outcome {
        guard let first = path.first else {
            output.removeAll(keepingCapacity: true)
            output.append(UInt8(ascii: "/"))
            return .rewritten
        }
        guard first == UInt8(ascii: "/") else { return .invalid(.notAbsolute) }
        return isPlainlyNormal(path) ? .unchanged : rewrite(path, into: &output, &hasEncodedSlash)
    }

    /// Checks the path in one pass without writing. False only means that the path needs the slow pass.
    private static func isPlainlyNormal(_ path: UnsafeRawBufferPointer) -> Bool {
        var previous: UInt8 = 0
        for byte in path {
            switch byte {
            case UInt8(ascii: "/"), UInt8(ascii: "."):
                // Catches "//" and every segment with a leading dot.
                if previous == UInt8(ascii: "/") { return false }
            case UInt8(ascii: "%"):
                return false
            default:
                if !isAllowed(byte) { return false }
            }
            previous = byte
        }
        return true
    }

    private static func rewrite(
        _ path: UnsafeRawBufferPointer,
        into output: inout [UInt8],
        _ hasEncodedSlash: inout Bool
    ) -> Outcome {
        output.removeAll(keepingCapacity: true)
        output.append(UInt8(ascii: "/"))
        var index = 1
        var segmentStart = 1
        while true {
            if index == path.count || path[index] == UInt8(ascii: "/") {
                let isLast = index == path.count
                if let reason = endSegment(from: segmentStart, isLast: isLast, in: &output) { return .invalid(reason) }
                if isLast { break }
                segmentStart = output.count
                index += 1
                continue
            }
            let byte = path[index]
            if byte == UInt8(ascii: "%") {
                guard let decoded = PercentEncoding.byte(at: index, of: path) else { return .invalid(.brokenEscape) }
                if decoded == 0 { return .invalid(.nul) }
                if isUnreserved(decoded) {
                    output.append(decoded)
                } else {
                    if decoded == UInt8(ascii: "/") || decoded == UInt8(ascii: "\\") { hasEncodedSlash = true }
                    output.append(byte)
                    output.append(PercentEncoding.hexDigit(decoded >> 4))
                    output.append(PercentEncoding.hexDigit(decoded & 15))
                }
                index += 3
            } else if isAllowed(byte) {
                output.append(byte)
                index += 1
            } else {
                return .invalid(byte == UInt8(ascii: "\\") ? .backslash : .forbiddenByte(byte))
            }
        }
        return output.elementsEqual(path) ? .unchanged : .rewritten
    }

    /// Keeps or resolves the output's last segment, which begins at `start`, after a slash.
    private static func endSegment(from start: Int, isLast: Bool, in output: inout [UInt8]) -> Reason? {
        let length = output.count - start
        if length == 0 { return nil }
        if output[start] == UInt8(ascii: ".") {
            let isDouble = length > 1 && output[start + 1] == UInt8(ascii: ".")
            let dots = isDouble ? 2 : 1
            if length == dots {
                output.removeLast(dots)
                return isDouble ? removeLastSegment(of: &output) : nil
            }
            // Servlet containers remove ";…" from a segment before they resolve dots, so they interpret "/..;/" as
            // the parent. Some decode %3B first.
            if beginsParameter(output[(start + dots)...]) { return .dotSegmentWithParameter }
        }
        if !isLast { output.append(UInt8(ascii: "/")) }
        return nil
    }

    private static func removeLastSegment(of output: inout [UInt8]) -> Reason? {
        if output.count == 1 { return .aboveRoot }
        output.removeLast()
        while output.last != UInt8(ascii: "/") { output.removeLast() }
        return nil
    }

    private static func beginsParameter(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.first == UInt8(ascii: ";")
            || bytes.starts(with: [UInt8(ascii: "%"), UInt8(ascii: "3"), UInt8(ascii: "B")])
    }

    /// Whether a path may contain the byte: visible ASCII except `#` and `?`, which end a path, and the backslash,
    /// which some servers read as a slash.
    private static func isAllowed(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "\\") && byte != UInt8(ascii: "#")
            && byte != UInt8(ascii: "?")
    }

    /// Whether the byte is an unreserved character (RFC 3986 section 2.3).
    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
            true
        default: false
        }
    }
}
