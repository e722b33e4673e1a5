import GatewayHTTP
import GatewayHTTP1

/// What `Accept` says of a media type (RFC 9110 section 12.5.1).
enum AcceptedTypes {
    /// In thousandths; 1000 where there is no `Accept`. The most specific range that takes the type decides. Parameters
    /// of ranges are not looked at.
    static func quality(of type: StaticString, _ subtype: StaticString, in headers: borrowing HeaderBlock) -> Int {
        guard headers.contains(.accept) else { return 1000 }
        var best = (specificity: -1, quality: 0)
        headers.forEachMember(of: .accept) { member in
            guard let range = MediaRange(member), let specificity = range.specificity(for: type, subtype) else {
                return
            }
            if specificity > best.specificity || specificity == best.specificity && range.quality > best.quality {
                best = (specificity, range.quality)
            }
        }
        return best.quality
    }

    /// Whether `Accept` has the type itself, with any weight.
    static func names(_ type: StaticString, _ subtype: StaticString, in headers: borrowing HeaderBlock) -> Bool {
        var isNamed = false
        headers.forEachMember(of: .accept) { member in
            if MediaRange(member)?.specificity(for: type, subtype) == 2 { isNamed = true }
        }
        return isNamed
    }
}

/// A member of `Accept`, or a `Content-Type`.
struct MediaRange {
    private let type: UnsafeRawBufferPointer
    private let subtype: UnsafeRawBufferPointer
    /// In thousandths.
    let quality: Int

    /// nil for what is no media range, or has a weight that is none.
    init?(_ member: UnsafeRawBufferPointer) {
        let end = member.firstIndex(of: UInt8(ascii: ";")) ?? member.count
        let name = Self.trimmed(UnsafeRawBufferPointer(rebasing: member[..<end]))
        guard let slash = name.firstIndex(of: UInt8(ascii: "/")) else { return nil }
        self.type = UnsafeRawBufferPointer(rebasing: name[..<slash])
        self.subtype = UnsafeRawBufferPointer(rebasing: name[(slash + 1)...])
        guard ByteClass.isToken(self.type), ByteClass.isToken(self.subtype) else { return nil }
        guard let quality = Self.quality(of: UnsafeRawBufferPointer(rebasing: member[end...])) else { return nil }
        self.quality = quality
    }

    /// How closely it names the type: 2 by its name, 1 as `type/*`, 0 as `*/*`; nil where it does not take it.
    func specificity(for type: StaticString, _ subtype: StaticString) -> Int? {
        if self.type.elementsEqual("*".utf8) { return self.subtype.elementsEqual("*".utf8) ? 0 : nil }
        guard self.type.equalsIgnoringCase(type) else { return nil }
        if self.subtype.elementsEqual("*".utf8) { return 1 }
        return self.subtype.equalsIgnoringCase(subtype) ? 2 : nil
    }

    /// Whether it includes the other, which is one type: `text/*` includes `text/csv`, `application/*+json` includes
    /// `application/vnd.api+json` (RFC 6839 section 3.1).
    func takes(_ other: MediaRange) -> Bool {
        if self.type.elementsEqual("*".utf8) { return self.subtype.elementsEqual("*".utf8) }
        guard ByteClass.equalsIgnoringCase(self.type, other.type) else { return false }
        guard self.subtype.first == UInt8(ascii: "*") else {
            return ByteClass.equalsIgnoringCase(self.subtype, other.subtype)
        }
        let suffix = UnsafeRawBufferPointer(rebasing: self.subtype.dropFirst())
        guard other.subtype.count > suffix.count else { return false }
        return ByteClass.equalsIgnoringCase(
            suffix,
            UnsafeRawBufferPointer(rebasing: other.subtype.suffix(suffix.count))
        )
    }

    /// The weight among the parameters (section 12.4.2): 0 to 1 with three digits behind the point at most.
    private static func quality(of parameters: UnsafeRawBufferPointer) -> Int? {
        var start = 0
        while start < parameters.count {
            var end = start + 1
            while end < parameters.count, parameters[end] != UInt8(ascii: ";") { end += 1 }
            let parameter = self.trimmed(UnsafeRawBufferPointer(rebasing: parameters[(start + 1)..<end]))
            if parameter.count >= 2, parameter[0] | 0x20 == UInt8(ascii: "q"), parameter[1] == UInt8(ascii: "=") {
                return self.weight(UnsafeRawBufferPointer(rebasing: parameter[2...]))
            }
            start = end
        }
        return 1000
    }

    /// A weight in thousandths; nil for what is none.
    static func weight(_ text: Substring) -> Int? { Array(text.utf8).withUnsafeBytes { self.weight($0) } }

    private static func weight(_ bytes: UnsafeRawBufferPointer) -> Int? {
        guard (1...5).contains(bytes.count), bytes[0] & 0xFE == UInt8(ascii: "0") else { return nil }
        guard bytes.count == 1 || bytes[1] == UInt8(ascii: ".") else { return nil }
        var weight = Int(bytes[0] & 1) * 1000
        var unit = 100
        for byte in bytes.dropFirst(2) {
            guard byte &- UInt8(ascii: "0") < 10 else { return nil }
            weight += Int(byte & 0x0F) * unit
            unit /= 10
        }
        return weight <= 1000 ? weight : nil
    }

    private static func trimmed(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        var (first, last) = (0, bytes.count)
        while first < last, bytes[first] == 0x20 || bytes[first] == 0x09 { first += 1 }
        while last > first, bytes[last - 1] == 0x20 || bytes[last - 1] == 0x09 { last -= 1 }
        return UnsafeRawBufferPointer(rebasing: bytes[first..<last])
    }
}

extension UnsafeRawBufferPointer {
    fileprivate func equalsIgnoringCase(_ literal: StaticString) -> Bool {
        guard self.count == literal.utf8CodeUnitCount else { return false }
        for index in 0..<self.count {
            let byte = self[index]
            let lowered = byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
            guard lowered == literal.utf8Start[index] else { return false }
        }
        return true
    }
}
