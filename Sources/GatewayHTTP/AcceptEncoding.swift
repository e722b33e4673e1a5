/// The content codings that a client accepts, with their weights in thousandths (RFC 9110 section 12.5.3).
package struct AcceptEncoding: Hashable, Sendable {
    private static let unset: Int16 = -1

    private var gzip = Self.unset
    private var deflate = Self.unset
    private var brotli = Self.unset
    private var identity = Self.unset
    /// The weight of `*`, which covers every coding that is not listed.
    private var others = Self.unset

    /// Creates the value for a request without `Accept-Encoding`. RFC 9110 then allows any coding, but many such
    /// clients cannot decode one.
    package init() {}

    package init(_ headers: borrowing HeaderBlock) {
        var list = AcceptEncoding()
        headers.forEachMember(of: .acceptEncoding) { list.add($0) }
        self = list
    }

    /// Adds a member of the list, without surrounding white space. Malformed and unknown members are ignored. If a
    /// coding is listed twice, the lower weight applies.
    package mutating func add(_ member: UnsafeRawBufferPointer) {
        let nameEnd = member.firstIndex { $0 == UInt8(ascii: ";") || $0 == 0x20 || $0 == 0x09 } ?? member.count
        let name = UnsafeRawBufferPointer(rebasing: member[..<nameEnd])
        guard let weight = Self.weight(UnsafeRawBufferPointer(rebasing: member[nameEnd...])) else { return }
        // RFC 9110 section 8.4.1.3: x-gzip is equivalent to gzip.
        if Self.equal(name, "gzip") || Self.equal(name, "x-gzip") {
            Self.lower(&self.gzip, to: weight)
        } else if Self.equal(name, "br") {
            Self.lower(&self.brotli, to: weight)
        } else if Self.equal(name, "deflate") {
            Self.lower(&self.deflate, to: weight)
        } else if Self.equal(name, "identity") {
            Self.lower(&self.identity, to: weight)
        } else if Self.equal(name, "*") {
            Self.lower(&self.others, to: weight)
        }
    }

    /// Returns the coding with the highest weight; the first one wins a tie. Nil if the client prefers or only
    /// accepts plain content.
    package func best(of codings: ContiguousArray<ContentCoding>) -> ContentCoding? {
        var best: ContentCoding?
        var highest: Int16 = 0
        for coding in codings {
            let weight = self.weight(of: coding)
            if weight > highest {
                best = coding
                highest = weight
            }
        }
        // Plain content is acceptable if it is not listed, but it is the least preferred.
        let plain = self.identity == Self.unset ? self.others : self.identity
        return plain > highest ? nil : best
    }

    private func weight(of coding: ContentCoding) -> Int16 {
        let weight =
            switch coding {
            case .gzip: self.gzip
            case .deflate: self.deflate
            case .brotli: self.brotli
            }
        return weight == Self.unset ? self.others : weight
    }

    private static func lower(_ weight: inout Int16, to other: Int16) {
        weight = weight == self.unset ? other : min(weight, other)
    }

    private static func equal(_ name: UnsafeRawBufferPointer, _ word: StaticString) -> Bool {
        ByteClass.equalsIgnoringCase(name, UnsafeRawBufferPointer(word))
    }

    /// Parses `[ OWS ";" OWS "q=" qvalue ]` (RFC 9110 section 12.4.2). Returns nil for anything else.
    private static func weight(_ bytes: UnsafeRawBufferPointer) -> Int16? {
        var position = 0
        func skipSpace() {
            while position < bytes.count, bytes[position] == 0x20 || bytes[position] == 0x09 { position += 1 }
        }
        skipSpace()
        if position == bytes.count { return 1000 }
        guard bytes[position] == UInt8(ascii: ";") else { return nil }
        position += 1
        skipSpace()
        guard position + 3 <= bytes.count, bytes[position] | 0x20 == UInt8(ascii: "q"),
            bytes[position + 1] == UInt8(ascii: "=")
        else { return nil }
        return QualityValue.parse(UnsafeRawBufferPointer(rebasing: bytes[(position + 2)...])).map { Int16($0) }
    }
}

/// A content coding that the gateway can apply (RFC 9110 section 8.4.1).
package enum ContentCoding: UInt8, CaseIterable, Sendable {
    case gzip, deflate, brotli

    /// The name in `Content-Encoding`.
    package var token: StaticString {
        switch self {
        case .gzip: "gzip"
        case .deflate: "deflate"
        case .brotli: "br"
        }
    }
}
