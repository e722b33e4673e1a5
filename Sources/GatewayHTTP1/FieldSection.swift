import GatewayHTTP
import NIOCore

/// Indexes the field lines of a section (RFC 9112 section 5). `bytes` ends with the empty line, so a loop that stops
/// at a control character stays within bounds.
enum FieldSection {
    static func parse(
        _ bytes: UnsafeRawBufferPointer,
        from start: Int,
        into fields: inout ContiguousArray<HeaderBlock.Field>,
        limits: HTTP1Limits
    ) throws(MessageError) {
        let table = FieldTable.shared
        let end = bytes.count - 2
        var position = start
        while position < end {
            guard fields.count < limits.headerCount else { throw MessageError(.headersTooLarge, "header count") }
            let nameStart = position
            while ByteClass.isTokenByte(bytes[position]) { position &+= 1 }
            guard position > nameStart else { throw .malformed("field line without a name") }
            // This rejects anything but token characters, including a space before the colon and obs-fold (RFC 9112
            // section 5.2).
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
}
