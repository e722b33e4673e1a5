/// The media types that a client accepts (RFC 9110 section 12.5.1).
package enum AcceptedTypes {
    /// Returns the weight of a media type in thousandths; 1000 without `Accept`. The most specific range that
    /// includes the type applies. Parameters of ranges are ignored.
    package static func quality(of type: StaticString, _ subtype: StaticString, in headers: borrowing HeaderBlock)
        -> Int
    {
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

    /// Returns whether `Accept` lists the type itself, with any weight.
    package static func names(_ type: StaticString, _ subtype: StaticString, in headers: borrowing HeaderBlock) -> Bool
    {
        var isNamed = false
        headers.forEachMember(of: .accept) { member in
            if MediaRange(member)?.specificity(for: type, subtype) == 2 { isNamed = true }
        }
        return isNamed
    }
}

/// A member of `Accept`, or the value of `Content-Type`.
package struct MediaRange {
    private let type: UnsafeRawBufferPointer
    private let subtype: UnsafeRawBufferPointer
    /// The weight in thousandths.
    package let quality: Int

    /// Parses a member. Nil if it is not a media range or its weight is invalid.
    package init?(_ member: UnsafeRawBufferPointer) {
        let end = member.firstIndex(of: UInt8(ascii: ";")) ?? member.count
        let name = Self.trimmed(UnsafeRawBufferPointer(rebasing: member[..<end]))
        guard let slash = name.firstIndex(of: UInt8(ascii: "/")) else { return nil }
        self.type = UnsafeRawBufferPointer(rebasing: name[..<slash])
        self.subtype = UnsafeRawBufferPointer(rebasing: name[(slash + 1)...])
        guard ByteClass.isToken(self.type), ByteClass.isToken(self.subtype) else { return nil }
        guard let quality = Self.quality(of: UnsafeRawBufferPointer(rebasing: member[end...])) else { return nil }
        self.quality = quality
    }

    /// Returns how specifically the range matches the type: 2 by name, 1 as `type/*`, 0 as `*/*`. Nil if it does not
    /// match.
    package func specificity(for type: StaticString, _ subtype: StaticString) -> Int? {
        if self.type.elementsEqual("*".utf8) { return self.subtype.elementsEqual("*".utf8) ? 0 : nil }
        guard self.type.equalsIgnoringCase(type) else { return nil }
        if self.subtype.elementsEqual("*".utf8) { return 1 }
        return self.subtype.equalsIgnoringCase(subtype) ? 2 : nil
    }

    /// Returns whether the range includes another, which is a single type. For example, `text/*` includes `text/csv`,
    /// and `application/*+json` includes `application/vnd.api+json` (RFC 6839 section 3.1).
    package func takes(_ other: MediaRange) -> Bool {
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

    /// Returns the weight among the parameters in thousandths; 1000 without one.
    private static func quality(of parameters: UnsafeRawBufferPointer) -> Int? {
        var start = 0
        while start < parameters.count {
            var end = start + 1
            while end < parameters.count, parameters[end] != UInt8(ascii: ";") { end += 1 }
            let parameter = self.trimmed(UnsafeRawBufferPointer(rebasing: parameters[(start + 1)..<end]))
            if parameter.count >= 2, parameter[0] | 0x20 == UInt8(ascii: "q"), parameter[1] == UInt8(ascii: "=") {
                return QualityValue.parse(UnsafeRawBufferPointer(rebasing: parameter[2...]))
            }
            start = end
        }
        return 1000
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

/// A member of `Accept` or a similar field. Allocates, so do not use it for every request.
package struct AcceptedRange {
    /// The media type, language or coding, in lower case.
    package let name: String
    /// The parameters in lower case, without the weight.
    package let parameters: [String: String]
    /// The weight in thousandths. An invalid weight counts as 0.
    package let weight: Int

    package static func list(_ accept: String?) -> [AcceptedRange] {
        (accept ?? "").lowercased().split(separator: ",").compactMap { member in
            let parts = member.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" && $0 != "\"" } }
            guard let name = parts.first else { return nil }
            var weight = 1000
            var parameters: [String: String] = [:]
            for parameter in parts.dropFirst() {
                let pair = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                guard pair.count == 2 else { continue }
                if pair[0] == "q" {
                    weight = Array(pair[1].utf8).withUnsafeBytes { QualityValue.parse($0) } ?? 0
                } else {
                    parameters[String(pair[0])] = String(pair[1])
                }
            }
            return AcceptedRange(name: name, parameters: parameters, weight: weight)
        }
    }
}
