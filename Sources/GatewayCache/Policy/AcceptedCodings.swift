import GatewayHTTP

/// The set of content codings that a request accepts (RFC 9110 section 12.5.3). How much it prefers one to another does
/// not count, so that browsers share what is stored.
struct AcceptedCodings {
    // One bit for each of the known codings.
    private var accepted: UInt16 = 0
    private var refused: UInt16 = 0
    /// Codings that are not known, with "!" before those that are refused. Nearly always empty.
    private var others: [String] = []

    /// In the order in which they are written.
    private static let known: [StaticString] = [
        "*", "br", "compress", "dcb", "dcz", "deflate", "gzip", "identity", "zstd",
    ]
    private static let any: UInt16 = 1
    private static let identity: UInt16 = 1 << 7

    init(_ request: borrowing HeaderBlock) {
        var codings = AcceptedCodings()
        request.forEachMember(of: .acceptEncoding) { codings.add($0) }
        codings.accepted &= ~codings.refused
        self = codings
    }

    private init() {}

    private mutating func add(_ member: UnsafeRawBufferPointer) {
        let end = member.firstIndex { $0 == UInt8(ascii: ";") || $0 == 0x20 || $0 == 0x09 } ?? member.count
        var name = UnsafeRawBufferPointer(rebasing: member[..<end])
        let isRefused = Self.isZero(UnsafeRawBufferPointer(rebasing: member[end...]))
        // RFC 9110 sections 8.4.1.1 and 8.4.1.3: the older names are equivalent.
        if ByteClass.equalsIgnoringCase(name, "x-gzip") || ByteClass.equalsIgnoringCase(name, "x-compress") {
            name = UnsafeRawBufferPointer(rebasing: name[2...])
        }
        for index in Self.known.indices where ByteClass.equalsIgnoringCase(name, Self.known[index]) {
            if isRefused { self.refused |= 1 << UInt16(index) } else { self.accepted |= 1 << UInt16(index) }
            return
        }
        self.others.append((isRefused ? "!" : "") + String(decoding: name, as: UTF8.self).lowercased())
    }

    /// Whether the rest of a member is a weight of zero.
    private static func isZero(_ rest: UnsafeRawBufferPointer) -> Bool {
        guard let equals = rest.lastIndex(of: UInt8(ascii: "=")), equals + 1 < rest.count else { return false }
        return QualityValue.parse(UnsafeRawBufferPointer(rebasing: rest[(equals + 1)...])) == 0
    }

    /// Calls `write` with one byte after the other until it returns false.
    ///
    /// - Returns: Whether all bytes were written.
    func write(_ write: (UInt8) -> Bool) -> Bool {
        // What is refused counts only where it would be accepted otherwise.
        let isAnyAccepted = self.accepted & Self.any != 0
        let refused = isAnyAccepted ? self.refused : self.refused & (Self.identity | Self.any)
        var isFirst = true
        for index in Self.known.indices {
            let bit: UInt16 = 1 << UInt16(index)
            guard (self.accepted | refused) & bit != 0 else { continue }
            if !isFirst, !write(UInt8(ascii: ",")) { return false }
            isFirst = false
            if refused & bit != 0, !write(UInt8(ascii: "!")) { return false }
            for byte in UnsafeRawBufferPointer(Self.known[index]) where !write(byte) { return false }
        }
        guard !self.others.isEmpty else { return true }
        for other in Set(self.others).sorted() where isAnyAccepted || !other.hasPrefix("!") {
            if !isFirst, !write(UInt8(ascii: ",")) { return false }
            isFirst = false
            for byte in other.utf8 where !write(byte) { return false }
        }
        return true
    }
}

extension ByteClass {
    fileprivate static func equalsIgnoringCase(_ bytes: UnsafeRawBufferPointer, _ word: StaticString) -> Bool {
        self.equalsIgnoringCase(bytes, UnsafeRawBufferPointer(word))
    }
}
