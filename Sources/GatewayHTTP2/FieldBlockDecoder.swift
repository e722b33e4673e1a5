import DequeModule
package import GatewayHTTP

/// Decompresses field blocks (RFC 7541). Fields are passed on as bytes, in place where possible.
package struct FieldBlockDecoder: Sendable {
    /// The size of the dynamic table that this side allows (RFC 7541 section 4.2).
    private static let tableSize = 4_096
    /// What each entry counts in addition to its bytes (RFC 7541 section 4.1).
    private static let overhead = 32

    private struct Entry: Sendable {
        let bytes: [UInt8]
        let nameCount: Int
        let id: FieldID

        var size: Int { self.bytes.count + FieldBlockDecoder.overhead }
    }

    /// The dynamic table. The newest entry is the last one.
    private var entries: Deque<Entry> = []
    private var size = 0
    private var allowedSize = Self.tableSize
    /// The name and value of the literal field that is being read.
    private var scratch: [UInt8] = []

    package init() {}

    /// A field of a block. The bytes are valid only during the call that passes it.
    package struct Field {
        package let name: UnsafeRawBufferPointer
        package let value: UnsafeRawBufferPointer
        package let id: FieldID

        /// The size of the field for SETTINGS_MAX_HEADER_LIST_SIZE (RFC 9113 section 6.5.2).
        package var size: Int { self.name.count + self.value.count + FieldBlockDecoder.overhead }
    }

    /// Decodes a whole block.
    ///
    /// - Parameters:
    ///   - limit: The maximum size of the list of fields.
    ///   - take: Receives the fields in order.
    package mutating func decode(
        _ block: UnsafeRawBufferPointer,
        limit: Int,
        _ take: (Field) -> Void
    ) throws(HTTP2ConnectionError) {
        var input = Input(bytes: block)
        var isFirst = true
        var total = 0
        var updates = 0
        while let first = input.first {
            if first & 0xE0 == 0x20 {
                // A change of the table's size is allowed at the beginning of a block only (RFC 7541 section 4.2).
                updates += 1
                guard isFirst, updates <= 2 else { throw Self.malformed }
                try self.resize(to: input.integer(prefix: 5))
                continue
            }
            isFirst = false
            if first & 0x80 != 0 {
                let index = try input.integer(prefix: 7)
                try self.withField(at: index) { field in
                    total += field.size
                    if total <= limit { take(field) }
                }
            } else {
                total += try self.decodeLiteral(&input, isIndexed: first & 0xC0 == 0x40, room: limit - total, take)
            }
            guard total <= limit else { throw Self.tooLarge }
        }
    }

    /// The error of a list that exceeds its limit.
    package static let tooLarge = HTTP2ConnectionError(.enhanceYourCalm, "header list too large")
    private static let malformed = HTTP2ConnectionError(.compression, "malformed field block")

    /// Returns the size of the field.
    private mutating func decodeLiteral(
        _ input: inout Input,
        isIndexed: Bool,
        room: Int,
        _ take: (Field) -> Void
    ) throws(HTTP2ConnectionError) -> Int {
        let index = try input.integer(prefix: isIndexed ? 6 : 4)
        var id: FieldID?
        var scratch = self.scratch
        self.scratch = []
        defer { self.scratch = scratch }
        scratch.removeAll(keepingCapacity: true)
        if index > 0 {
            try self.withField(at: index) { field in
                scratch.append(contentsOf: field.name)
                id = field.id
            }
        } else {
            try input.string(into: &scratch)
        }
        let nameCount = scratch.count
        try input.string(into: &scratch)
        return scratch.withUnsafeBytes { bytes in
            let name = UnsafeRawBufferPointer(rebasing: bytes[..<nameCount])
            let field = Field(
                name: name,
                value: UnsafeRawBufferPointer(rebasing: bytes[nameCount...]),
                id: id ?? FieldTable.shared.id(of: name)
            )
            if field.size <= room { take(field) }
            if isIndexed { self.insert(Entry(bytes: Array(bytes), nameCount: nameCount, id: field.id)) }
            return field.size
        }
    }

    // MARK: The tables

    private func withField(at index: Int, _ body: (Field) -> Void) throws(HTTP2ConnectionError) {
        let fixed = StaticFields.shared.entries
        guard index > 0 else { throw Self.malformed }
        if index <= fixed.count {
            let entry = fixed[index - 1]
            return entry.name.withUnsafeBytes { name in
                entry.value.withUnsafeBytes { body(Field(name: name, value: $0, id: entry.id)) }
            }
        }
        let position = self.entries.count - (index - fixed.count)
        guard position >= 0 else { throw Self.malformed }
        let entry = self.entries[position]
        entry.bytes.withUnsafeBytes { bytes in
            body(
                Field(
                    name: UnsafeRawBufferPointer(rebasing: bytes[..<entry.nameCount]),
                    value: UnsafeRawBufferPointer(rebasing: bytes[entry.nameCount...]),
                    id: entry.id
                )
            )
        }
    }

    private mutating func insert(_ entry: Entry) {
        // An entry that is larger than the table empties it (RFC 7541 section 4.4).
        self.evict(to: self.allowedSize - entry.size)
        guard entry.size <= self.allowedSize else { return }
        self.entries.append(entry)
        self.size += entry.size
    }

    private mutating func resize(to size: Int) throws(HTTP2ConnectionError) {
        guard size <= Self.tableSize else { throw Self.malformed }
        self.allowedSize = size
        self.evict(to: size)
    }

    private mutating func evict(to size: Int) {
        while self.size > max(0, size), let oldest = self.entries.popFirst() { self.size -= oldest.size }
    }

    // MARK: The block

    private struct Input {
        let bytes: UnsafeRawBufferPointer
        var position = 0

        init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

        var first: UInt8? { self.position < self.bytes.count ? self.bytes[self.position] : nil }

        /// Reads an integer (RFC 7541 section 5.1).
        mutating func integer(prefix: UInt8) throws(HTTP2ConnectionError) -> Int {
            guard let first = self.first else { throw FieldBlockDecoder.malformed }
            self.position += 1
            let mask = UInt8(1) << prefix - 1
            var value = Int(first & mask)
            guard value == Int(mask) else { return value }
            var shift = 0
            while let byte = self.first {
                self.position += 1
                value += Int(byte & 0x7F) << shift
                if byte & 0x80 == 0 { return value }
                shift += 7
                // No length or index is that large.
                guard shift <= 28 else { break }
            }
            throw FieldBlockDecoder.malformed
        }

        /// Reads a string (RFC 7541 section 5.2) and appends it.
        mutating func string(into output: inout [UInt8]) throws(HTTP2ConnectionError) {
            guard let first = self.first else { throw FieldBlockDecoder.malformed }
            let count = try self.integer(prefix: 7)
            guard count <= self.bytes.count - self.position else { throw FieldBlockDecoder.malformed }
            let string = UnsafeRawBufferPointer(rebasing: self.bytes[self.position..<self.position + count])
            self.position += count
            guard first & 0x80 != 0 else { return output.append(contentsOf: string) }
            guard HuffmanCode.shared.decode(string, into: &output) else { throw FieldBlockDecoder.malformed }
        }
    }
}
