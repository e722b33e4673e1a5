/// Brings a request's path into the one form that routes, policies and upstreams see (RFC 3986, 6.2.2).
///
/// Escaped unreserved characters are decoded, hex digits made capitals, runs of slashes made one, then dot segments
/// resolved. `%2F` and `%5C` stay: they are ordinary characters of a segment, see ``EncodedSlashes``. Whatever else two
/// servers might read differently is refused. Normalising a normalised path changes nothing.
package enum PathNormalizer {
    package enum Outcome: Equatable {
        /// The path is in normal form already; nothing was written.
        case unchanged
        /// The normal form is in the output.
        case rewritten
        /// The request is to be answered with 400.
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

    /// - Parameters:
    ///   - path: the request target up to, without, the `?`. Empty (as in `http://host`) counts as `/`.
    ///   - output: replaced by the normal form where that differs; its capacity is kept for reuse.
    package static func normalize(_ path: UnsafeRawBufferPointer, into output: inout [UInt8]) -> Outcome {
        var hasEncodedSlash = false
        return self.normalize(path, into: &output, &hasEncodedSlash)
    }

    /// - Parameter hasEncodedSlash: set if there is a `%2F` or `%5C` in the path; never cleared.
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

    /// One pass without writing. False means only that a closer look is needed.
    private static func isPlainlyNormal(_ path: UnsafeRawBufferPointer) -> Bool {
        var previous: UInt8 = 0
        for byte in path {
            switch byte {
            case UInt8(ascii: "/"), UInt8(ascii: "."):
                // "//" and every segment with a leading dot.
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
                guard index + 2 < path.count, let high = hexValue(path[index + 1]), let low = hexValue(path[index + 2])
                else { return .invalid(.brokenEscape) }
                let decoded = high << 4 | low
                if decoded == 0 { return .invalid(.nul) }
                if isUnreserved(decoded) {
                    output.append(decoded)
                } else {
                    if decoded == UInt8(ascii: "/") || decoded == UInt8(ascii: "\\") { hasEncodedSlash = true }
                    output.append(byte)
                    output.append(hexDigit(high))
                    output.append(hexDigit(low))
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

    /// The output ends with a segment that began at `start`, behind a slash: keeps it, or resolves it.
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
            // Servlet containers cut ";…" off a segment before they resolve dots, so "/..;/" climbs there. Some
            // decode %3B first.
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

    /// Printable ASCII but for `#` and `?`, which end a path, and the backslash, which some servers read as a slash.
    private static func isAllowed(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "\\") && byte != UInt8(ascii: "#")
            && byte != UInt8(ascii: "?")
    }

    /// RFC 3986, 2.3.
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
