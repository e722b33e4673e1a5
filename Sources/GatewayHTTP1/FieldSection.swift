import NIOCore

/// Indexes the field lines of a section (RFC 9112 section 5). Bounds are known before: `bytes` ends with its empty line,
/// so a loop that stops at a control character stays inside.
package enum FieldSection {
    static func parse(
        _ bytes: UnsafeRawBufferPointer,
        from start: Int,
        into fields: inout ContiguousArray<HeaderBlock.Field>,
        limits: HTTP1Limits
    ) throws(HTTP1Error) {
        let table = FieldTable.shared
        let end = bytes.count - 2
        var position = start
        while position < end {
            guard fields.count < limits.headerCount else { throw HTTP1Error(.headersTooLarge, "header count") }
            let nameStart = position
            while ByteClass.isTokenByte(bytes[position]) { position &+= 1 }
            guard position > nameStart else { throw .malformed("field line without a name") }
            // Anything that is no token character, a space before the colon and obs-fold (section 5.2) among it.
            guard bytes[position] == UInt8(ascii: ":") else { throw .malformed("field name") }
            let name = UnsafeRawBufferPointer(rebasing: bytes[nameStart..<position])
            position &+= 1
            while bytes[position] == 0x20 || bytes[position] == 0x09 { position &+= 1 }
            let lineEnd = ByteClass.fieldValueEnd(in: bytes, from: position)
            guard bytes[lineEnd] == 0x0D else { throw .malformed("control character in a field") }
            guard bytes[lineEnd + 1] == 0x0A else { throw .malformed("bare CR") }
            var valueEnd = lineEnd
            while valueEnd > position, bytes[valueEnd - 1] == 0x20 || bytes[valueEnd - 1] == 0x09 { valueEnd &-= 1 }
            fields.append(
                HeaderBlock.Field(
                    name: ByteRange(offset: nameStart, count: name.count),
                    value: ByteRange(offset: position, count: valueEnd - position),
                    id: table.id(of: name)
                )
            )
            position = lineEnd + 2
        }
    }

    /// `Content-Length = 1*DIGIT` (RFC 9110 section 8.6), in what a signed 63-bit number holds.
    static func contentLength(_ bytes: UnsafeRawBufferPointer) throws(HTTP1Error) -> Int {
        guard !bytes.isEmpty else { throw .malformed("Content-Length") }
        var length = 0
        for byte in bytes {
            guard ByteClass.isDigit(byte) else { throw .malformed("Content-Length") }
            let (shifted, over) = length.multipliedReportingOverflow(by: 10)
            let (sum, overflow) = shifted.addingReportingOverflow(Int(byte & 0x0F))
            guard !over, !overflow else { throw .malformed("Content-Length") }
            length = sum
        }
        return length
    }

    /// The members of a comma-separated list without the white space around them, empty ones left out (RFC 9110
    /// section 5.6.1). For lists of tokens: it does not look for quoted strings.
    package static func forEachMember(of list: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void) {
        var start = 0
        while start <= list.count {
            var end = start
            while end < list.count, list[end] != UInt8(ascii: ",") { end &+= 1 }
            var first = start
            var last = end
            while first < last, list[first] == 0x20 || list[first] == 0x09 { first &+= 1 }
            while last > first, list[last - 1] == 0x20 || list[last - 1] == 0x09 { last &-= 1 }
            if first < last { body(UnsafeRawBufferPointer(rebasing: list[first..<last])) }
            start = end &+ 1
        }
    }
}

extension HeaderBlock {
    /// Whether a list-valued field has this token, in any of its lines, without regard to case.
    package func contains(_ token: StaticString, in id: FieldID) -> Bool {
        guard self.present.contains(id) else { return false }
        var found = false
        for field in self.fields where field.id == id {
            self.withBytes(field.value) { value in
                FieldSection.forEachMember(of: value) {
                    if ByteClass.equalsIgnoringCase($0, UnsafeRawBufferPointer(token)) { found = true }
                }
            }
        }
        return found
    }

    /// The members of all lines of a list-valued field, in order.
    package func forEachMember(of id: FieldID, _ body: (UnsafeRawBufferPointer) -> Void) {
        guard self.present.contains(id) else { return }
        for field in self.fields where field.id == id {
            self.withBytes(field.value) { FieldSection.forEachMember(of: $0, body) }
        }
    }

    package func equals(_ range: ByteRange, _ literal: StaticString) -> Bool {
        self.withBytes(range) { ByteClass.equalsIgnoringCase($0, UnsafeRawBufferPointer(literal)) }
    }
}
