/// Reads the fields of a message in the binary form of Protocol Buffers, as far as answers of collectors need it.
struct ProtobufReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { self.rest = bytes }

    struct Field: Hashable {
        var number: UInt64
        var value: Value
    }

    enum Value: Hashable {
        case number(UInt64)
        case bytes(ArraySlice<UInt8>)
    }

    /// Returns the next field; nil at the end, and where the bytes are not a message.
    mutating func next() -> Field? {
        guard let tag = self.varint() else { return nil }
        switch tag & 7 {
        case 0: return self.varint().map { Field(number: tag >> 3, value: .number($0)) }
        case 1: return self.take(8).map { Field(number: tag >> 3, value: .bytes($0)) }
        case 2:
            guard let count = self.varint(), count <= UInt64(self.rest.count) else { return nil }
            return self.take(Int(count)).map { Field(number: tag >> 3, value: .bytes($0)) }
        case 5: return self.take(4).map { Field(number: tag >> 3, value: .bytes($0)) }
        default: return nil
        }
    }

    private mutating func varint() -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard let byte = self.rest.popFirst() else { return nil }
            if shift < 64 { value |= UInt64(byte & 0x7F) << shift }
            if byte < 0x80 { return value }
        }
        return nil
    }

    private mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
        guard count <= self.rest.count else { return nil }
        defer { self.rest = self.rest.dropFirst(count) }
        return self.rest.prefix(count)
    }
}
