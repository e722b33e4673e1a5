/// What a `Range` field selects of a body whose length is known (RFC 9110 section 14.2).
package enum ByteRangeSet: Hashable, Sendable {
    /// The whole body: the field is not about bytes, is malformed, or asks for more than is reasonable.
    case whole
    case one(Range<Int>)
    /// At most ``maxParts`` that do not overlap, in the order of the request.
    case several([Range<Int>])
    /// Nothing of the body: 416.
    case unsatisfiable

    /// More ranges cost more than the whole body.
    package static let maxParts = 10

    package init(_ value: UnsafeRawBufferPointer, length: Int) {
        var reader = Reader(value)
        guard reader.skipUnit() else {
            self = .whole
            return
        }
        var parts: [Range<Int>] = []
        var count = 0
        while true {
            reader.skipBlanksAndCommas()
            if reader.isAtEnd { break }
            guard let spec = reader.spec(), reader.isAtEndOfMember else {
                self = .whole
                return
            }
            count += 1
            guard count <= Self.maxParts else {
                self = .whole
                return
            }
            guard let part = spec.applied(to: length) else { continue }
            guard !parts.contains(where: { $0.overlaps(part) }) else {
                self = .whole
                return
            }
            parts.append(part)
        }
        switch parts.count {
        case 0: self = count > 0 ? .unsatisfiable : .whole
        case 1: self = .one(parts[0])
        default: self = .several(parts)
        }
    }

    /// `first "-" [ last ]`, or `"-" length` for the end of a body.
    private enum Spec {
        case from(Int)
        case between(Int, Int)
        case last(Int)

        /// Returns nil if the body has none of it.
        func applied(to length: Int) -> Range<Int>? {
            switch self {
            case .from(let first): first < length ? first..<length : nil
            case .between(let first, let last): first < length ? first..<(min(last, length - 1) + 1) : nil
            case .last(let count): count > 0 && length > 0 ? max(0, length - count)..<length : nil
            }
        }
    }

    private struct Reader {
        private let bytes: UnsafeRawBufferPointer
        private var position = 0

        init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

        var isAtEnd: Bool { self.position == self.bytes.count }
        var isAtEndOfMember: Bool {
            var next = self.position
            while next < self.bytes.count, Self.isBlank(self.bytes[next]) { next += 1 }
            return next == self.bytes.count || self.bytes[next] == UInt8(ascii: ",")
        }

        /// `bytes=`, in any case (RFC 9110 section 14.1).
        mutating func skipUnit() -> Bool {
            let unit: StaticString = "bytes="
            guard self.bytes.count > unit.utf8CodeUnitCount else { return false }
            for index in 0..<unit.utf8CodeUnitCount {
                let wanted = unit.utf8Start[index]
                guard self.bytes[index] == wanted || self.bytes[index] | 0x20 == wanted && wanted >= 0x61 else {
                    return false
                }
            }
            self.position = unit.utf8CodeUnitCount
            return true
        }

        mutating func skipBlanksAndCommas() {
            while self.position < self.bytes.count,
                Self.isBlank(self.bytes[self.position]) || self.bytes[self.position] == UInt8(ascii: ",")
            {
                self.position += 1
            }
        }

        mutating func spec() -> Spec? {
            let first = self.number()
            guard self.position < self.bytes.count, self.bytes[self.position] == UInt8(ascii: "-") else { return nil }
            self.position += 1
            let last = self.number()
            switch (first, last) {
            case (nil, nil): return nil
            case (nil, let count?): return .last(count)
            case (let first?, nil): return .from(first)
            case (let first?, let last?): return first <= last ? .between(first, last) : nil
            }
        }

        /// A number that does not fit counts as the largest one.
        private mutating func number() -> Int? {
            var number: Int?
            while self.position < self.bytes.count, 0x30...0x39 ~= self.bytes[self.position] {
                let digit = Int(self.bytes[self.position] & 0x0F)
                let (tens, hasOverflowed) = (number ?? 0).multipliedReportingOverflow(by: 10)
                let (sum, exceeds) = tens.addingReportingOverflow(digit)
                number = hasOverflowed || exceeds ? .max : sum
                self.position += 1
            }
            return number
        }

        private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
    }
}
