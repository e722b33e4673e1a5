import NIOCore

/// A message of Protocol Buffers, read without its schema.
struct ProtobufFields {
    enum Value: Equatable {
        case number(UInt64)
        case bytes([UInt8])
    }

    private(set) var values: [UInt64: [Value]] = [:]

    /// nil if the bytes are no message.
    init?(_ bytes: ArraySlice<UInt8>) {
        var rest = bytes
        while !rest.isEmpty {
            guard let tag = Self.varint(&rest) else { return nil }
            switch tag & 7 {
            case 0:
                guard let number = Self.varint(&rest) else { return nil }
                self.values[tag >> 3, default: []].append(.number(number))
            case 1:
                guard rest.count >= 8 else { return nil }
                let number = rest.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
                self.values[tag >> 3, default: []].append(.number(number))
                rest = rest.dropFirst(8)
            case 2:
                guard let length = Self.varint(&rest), rest.count >= length else { return nil }
                self.values[tag >> 3, default: []].append(.bytes(Array(rest.prefix(Int(length)))))
                rest = rest.dropFirst(Int(length))
            default: return nil
            }
        }
    }

    private static func varint(_ bytes: inout ArraySlice<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            guard let byte = bytes.popFirst() else { return nil }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        return nil
    }

    func numbers(_ field: UInt64) -> [UInt64] {
        (self.values[field] ?? []).compactMap { if case .number(let number) = $0 { number } else { nil } }
    }

    func signed(_ field: UInt64) -> [Int64] {
        self.numbers(field).map { Int64(bitPattern: $0 >> 1) ^ -Int64(bitPattern: $0 & 1) }
    }

    func doubles(_ field: UInt64) -> [Double] { self.numbers(field).map(Double.init(bitPattern:)) }

    func texts(_ field: UInt64) -> [String] {
        (self.values[field] ?? []).compactMap { value in
            if case .bytes(let bytes) = value { String(decoding: bytes, as: UTF8.self) } else { nil }
        }
    }

    func messages(_ field: UInt64) -> [ProtobufFields] {
        (self.values[field] ?? []).compactMap { value in
            if case .bytes(let bytes) = value { ProtobufFields(bytes[...]) } else { nil }
        }
    }

    /// The messages of a page, each with its length in front; nil if it is malformed.
    static func page(_ page: ByteBuffer) -> [ProtobufFields]? {
        var rest = Array(page.readableBytesView)[...]
        var messages: [ProtobufFields] = []
        while !rest.isEmpty {
            guard let length = self.varint(&rest), rest.count >= length,
                let message = ProtobufFields(rest.prefix(Int(length)))
            else { return nil }
            messages.append(message)
            rest = rest.dropFirst(Int(length))
        }
        return messages
    }
}

extension ProtobufFields {
    /// The native buckets of a `Histogram` by index, as a reader understands them.
    var nativeBuckets: [Int64: Int64] {
        var buckets: [Int64: Int64] = [:]
        var deltas = self.signed(13)[...]
        var index: Int64 = 0
        var count: Int64 = 0
        for (number, span) in self.messages(12).enumerated() {
            index = number == 0 ? span.signed(1)[0] : index + span.signed(1)[0]
            for _ in 0..<span.numbers(2)[0] {
                count += deltas.popFirst() ?? 0
                buckets[index] = count
                index += 1
            }
        }
        return buckets
    }
}
