/// A validator of a representation (RFC 9110 section 8.8.3), over borrowed bytes.
package struct EntityTag {
    package let isWeak: Bool
    /// The tag without its quotes.
    package let opaque: UnsafeRawBufferPointer

    private init(isWeak: Bool, opaque: UnsafeRawBufferPointer) {
        self.isWeak = isWeak
        self.opaque = opaque
    }

    /// Parses a whole field value. Nil if it is not exactly one tag.
    package init?(_ bytes: UnsafeRawBufferPointer) {
        guard let (tag, end) = Self.read(bytes, from: 0), end == bytes.count else { return nil }
        self = tag
    }

    /// Reads `entity-tag = [ "W/" ] DQUOTE *etagc DQUOTE`. The "W" is case-sensitive.
    fileprivate static func read(_ bytes: UnsafeRawBufferPointer, from start: Int) -> (tag: EntityTag, end: Int)? {
        var position = start
        let isWeak =
            position &+ 1 < bytes.count && bytes[position] == UInt8(ascii: "W")
            && bytes[position &+ 1] == UInt8(ascii: "/")
        if isWeak { position &+= 2 }
        guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { return nil }
        position &+= 1
        let opaque = position
        while position < bytes.count, Self.isTagByte(bytes[position]) { position &+= 1 }
        guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { return nil }
        let tag = EntityTag(isWeak: isWeak, opaque: UnsafeRawBufferPointer(rebasing: bytes[opaque..<position]))
        return (tag, position &+ 1)
    }

    /// Whether the byte is an `etagc`: a visible character except the quote, or obs-text.
    private static func isTagByte(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte != UInt8(ascii: "\"") && byte != 0x7F
    }

    /// Compares strongly: both tags are strong and have the same characters (RFC 9110 section 8.8.3.2).
    package func matchesStrongly(_ other: EntityTag) -> Bool { !self.isWeak && !other.isWeak && self.isAlike(other) }

    /// Compares weakly: both tags have the same characters (RFC 9110 section 8.8.3.2).
    package func matchesWeakly(_ other: EntityTag) -> Bool { self.isAlike(other) }

    private func isAlike(_ other: EntityTag) -> Bool {
        self.opaque.count == other.opaque.count && self.opaque.elementsEqual(other.opaque)
    }
}

/// Iterates over the members of one line of `If-Match` or `If-None-Match`.
package struct EntityTagList {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    package enum Member {
        case tag(EntityTag)
        /// `*`
        case any
        /// Matches nothing. The list continues after the next comma.
        case malformed
    }

    package init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    package mutating func next() -> Member? {
        while self.position < self.bytes.count, Self.isSeparator(self.bytes[self.position]) { self.position &+= 1 }
        guard self.position < self.bytes.count else { return nil }
        // Do not parse this as a list of tokens: a tag may contain commas.
        if let (tag, end) = EntityTag.read(self.bytes, from: self.position), self.isEnd(end) {
            self.position = end
            return .tag(tag)
        }
        if self.bytes[self.position] == UInt8(ascii: "*"), self.isEnd(self.position &+ 1) {
            self.position &+= 1
            return .any
        }
        while self.position < self.bytes.count, self.bytes[self.position] != UInt8(ascii: ",") { self.position &+= 1 }
        return .malformed
    }

    /// Returns whether only white space precedes the next comma or the end.
    private func isEnd(_ start: Int) -> Bool {
        var position = start
        while position < self.bytes.count, self.bytes[position] == 0x20 || self.bytes[position] == 0x09 {
            position &+= 1
        }
        return position == self.bytes.count || self.bytes[position] == UInt8(ascii: ",")
    }

    private static func isSeparator(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == UInt8(ascii: ",")
    }
}
