import GatewayHTTP

/// Validates the lines of `tracestate` as one list (W3C Trace Context section 3.3). They are passed on unchanged or not
/// at all.
enum TraceState {
    private static let maxMembers = 32

    /// Whether all lines together form a list of at most 32 members with distinct keys.
    static func isValid(_ headers: borrowing HeaderBlock) -> Bool {
        var count = 0
        for (index, field) in headers.fields.enumerated() where field.id == .tracestate {
            let isFine = headers.withBytes(field.value) { line in
                self.forEachMember(of: line) { key in
                    count += 1
                    return count <= self.maxMembers && self.isFirst(key, before: index, headers)
                }
            }
            guard isFine else { return false }
        }
        return true
    }

    /// Whether no line before `end` has a member with this key or equals this line.
    private static func isFirst(
        _ key: UnsafeRawBufferPointer,
        before end: Int,
        _ headers: borrowing HeaderBlock
    ) -> Bool {
        var count = 0
        for field in headers.fields.prefix(end + 1) where field.id == .tracestate {
            headers.withBytes(field.value) { line in
                _ = self.forEachMember(of: line) { other in
                    if other.count == key.count, other.elementsEqual(key) { count += 1 }
                    return true
                }
            }
        }
        return count == 1
    }

    /// Calls `body` with each member's key until it returns false.
    ///
    /// - Returns: whether all members are well formed and `body` accepted them.
    private static func forEachMember(
        of line: UnsafeRawBufferPointer,
        _ body: (UnsafeRawBufferPointer) -> Bool
    ) -> Bool {
        var start = 0
        while start <= line.count {
            var end = start
            while end < line.count, line[end] != UInt8(ascii: ",") { end += 1 }
            var first = start
            var last = end
            while first < last, line[first] == 0x20 || line[first] == 0x09 { first += 1 }
            while last > first, line[last - 1] == 0x20 || line[last - 1] == 0x09 { last -= 1 }
            // Empty members are allowed (section 3.3.1.1).
            if first < last {
                guard let key = self.key(of: UnsafeRawBufferPointer(rebasing: line[first..<last])), body(key) else {
                    return false
                }
            }
            start = end + 1
        }
        return true
    }

    /// nil if key or value is malformed (sections 3.3.1.3.1 and 3.3.1.3.2).
    private static func key(of member: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        guard let equals = member.firstIndex(of: UInt8(ascii: "=")), (1...256).contains(equals),
            (1...256).contains(member.count - equals - 1)
        else { return nil }
        let key = UnsafeRawBufferPointer(rebasing: member[..<equals])
        guard self.isLetterOrDigit(key[0]), key.allSatisfy(self.isKeyByte) else { return nil }
        // Trailing white space was already removed.
        guard member[(equals + 1)...].allSatisfy(self.isValueByte) else { return nil }
        return key
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        byte &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "0") < 10
    }

    private static func isKeyByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "*"), UInt8(ascii: "/"), UInt8(ascii: "@"): true
        default: self.isLetterOrDigit(byte)
        }
    }

    /// Visible ASCII and spaces, except "," and "=".
    private static func isValueByte(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte < 0x7F && byte != UInt8(ascii: ",") && byte != UInt8(ascii: "=")
    }
}
