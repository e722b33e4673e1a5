/// Comma-separated lists in field values (RFC 9110 section 5.6.1).
package enum FieldList {
    /// Calls `body` with the members of a comma-separated list, without surrounding white space or empty members (RFC
    /// 9110 section 5.6.1). Only for lists of tokens: quoted strings are not recognized.
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
    /// Returns whether any line of a list-valued field contains this token, without regard to case.
    package func contains(_ token: StaticString, in id: FieldID) -> Bool {
        guard self.present.contains(id) else { return false }
        var found = false
        for field in self.fields where field.id == id {
            self.withBytes(field.value) { value in
                FieldList.forEachMember(of: value) {
                    if ByteClass.equalsIgnoringCase($0, UnsafeRawBufferPointer(token)) { found = true }
                }
            }
        }
        return found
    }

    /// Calls `body` with the members of all lines of a list-valued field, in order.
    package func forEachMember(of id: FieldID, _ body: (UnsafeRawBufferPointer) -> Void) {
        guard self.present.contains(id) else { return }
        for field in self.fields where field.id == id {
            self.withBytes(field.value) { FieldList.forEachMember(of: $0, body) }
        }
    }

    package func equals(_ range: ByteRange, _ literal: StaticString) -> Bool {
        self.withBytes(range) { ByteClass.equalsIgnoringCase($0, UnsafeRawBufferPointer(literal)) }
    }
}
