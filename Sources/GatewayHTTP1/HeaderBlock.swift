package import NIOCore

/// The fields of a message as offsets over one buffer of its own: made once by a parser, changed in place by those who
/// forward it, reused for the next message without allocating.
///
/// It cannot be copied, so that whoever reads it in place is certain to do just that: as a plain struct in a class, each
/// look at it cost two pairs of reference counts.
public struct HeaderBlock: ~Copyable, Sendable {
    /// Names and values; removed and replaced ones stay in it unread.
    package private(set) var bytes: ByteBuffer
    package private(set) var fields: ContiguousArray<Field>
    /// The IDs that the fields have or had.
    package private(set) var present = FieldSet()

    package struct Field: Sendable {
        package var name: ByteRange
        package var value: ByteRange
        package var id: FieldID
    }

    package init() {
        self.bytes = ByteBuffer()
        self.fields = []
    }

    /// Forgets all fields and keeps the memory.
    package mutating func clear() {
        self.bytes.clear()
        self.fields.removeAll(keepingCapacity: true)
        self.present = FieldSet()
    }

    /// Takes the received bytes of a whole section, which ``index(_:)`` then indexes.
    mutating func load(_ section: UnsafeRawBufferPointer) {
        self.clear()
        self.bytes.writeBytes(section)
    }

    /// Runs an indexer over the loaded bytes with the list of fields beside them.
    mutating func index(
        _ body: (UnsafeRawBufferPointer, inout ContiguousArray<Field>) throws(HTTP1Error) -> Void
    ) throws(HTTP1Error) {
        try self.bytes.withUnsafeReadableBytes { (bytes) throws(HTTP1Error) in try body(bytes, &self.fields) }
        for field in self.fields { self.present.insert(field.id) }
    }

    /// For an indexer: another part of the same section stands for a field's value.
    mutating func replaceValue(at index: Int, with value: ByteRange) { self.fields[index].value = value }

    // MARK: Reading

    package var count: Int { self.fields.count }

    package func first(_ id: FieldID) -> ByteRange? {
        guard self.present.contains(id) else { return nil }
        for field in self.fields where field.id == id { return field.value }
        return nil
    }

    package func first(_ name: HeaderName) -> ByteRange? {
        guard self.present.contains(name.id) else { return nil }
        for field in self.fields where self.matches(field, name) { return field.value }
        return nil
    }

    package func contains(_ id: FieldID) -> Bool { self.first(id) != nil }

    package func count(of id: FieldID) -> Int {
        var count = 0
        for field in self.fields where field.id == id { count &+= 1 }
        return count
    }

    package func matches(_ field: Field, _ name: HeaderName) -> Bool {
        guard field.id == name.id else { return false }
        guard field.id == .unknown else { return true }
        guard field.name.count == name.bytes.count else { return false }
        return name.bytes.withUnsafeBytes { wanted in
            self.withBytes(field.name) { ByteClass.equalsIgnoringCase($0, wanted) }
        }
    }

    /// The bytes of a range of this block, valid inside the closure.
    package func withBytes<Result, Failure: Error>(
        _ range: ByteRange,
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try self.bytes.withUnsafeReadableBytes { (bytes) throws(Failure) in
            try body(UnsafeRawBufferPointer(rebasing: bytes[range.offset..<range.end]))
        }
    }

    package func string(_ range: ByteRange) -> String {
        self.withBytes(range) { String(decoding: $0, as: UTF8.self) }
    }

    /// A buffer of its own that shares these bytes; holding it makes the next change of this block a copy.
    package func slice(_ range: ByteRange) -> ByteBuffer {
        self.bytes.getSlice(at: range.offset, length: range.count) ?? ByteBuffer()
    }

    // MARK: Changing

    /// Adds a field whose value `write` appends to the buffer. Bytes that no field value may hold become "_", so that
    /// nothing that ends up in a value can begin another line.
    package mutating func add(_ name: HeaderName, write: (inout ByteBuffer) -> Void) {
        let nameRange = ByteRange(offset: self.bytes.writerIndex, count: name.bytes.count)
        self.bytes.writeBytes(name.bytes)
        let start = self.bytes.writerIndex
        write(&self.bytes)
        let value = ByteRange(offset: start, count: max(0, self.bytes.writerIndex - start))
        self.sanitize(value)
        self.append(Field(name: nameRange, value: value, id: name.id))
    }

    /// Adds a field whose value stands in this block already; the bytes are shared, not copied.
    package mutating func add(_ name: HeaderName, sharing value: ByteRange) {
        let offset = self.bytes.writerIndex
        self.bytes.writeBytes(name.bytes)
        self.append(Field(name: ByteRange(offset: offset, count: name.bytes.count), value: value, id: name.id))
    }

    package mutating func add(_ name: HeaderName, _ value: some Collection<UInt8>) {
        let isAdded: Void? = value.withContiguousStorageIfAvailable { value in
            name.bytes.withUnsafeBytes { self.append($0, UnsafeRawBufferPointer(value), id: name.id) }
            self.sanitize(self.fields[self.fields.count - 1].value)
        }
        if isAdded == nil { self.add(name) { $0.writeBytes(value) } }
    }

    package mutating func add(_ name: HeaderName, _ value: StaticString) {
        name.bytes.withUnsafeBytes { self.append($0, UnsafeRawBufferPointer(value), id: name.id) }
        self.sanitize(self.fields[self.fields.count - 1].value)
    }

    package mutating func set(_ name: HeaderName, _ value: some Collection<UInt8>) {
        self.removeAll(name)
        self.add(name, value)
    }

    /// A field of another message, with the name as it was written there.
    package mutating func add(_ field: Field, from other: borrowing HeaderBlock) {
        other.bytes.withUnsafeReadableBytes { bytes in
            self.append(
                UnsafeRawBufferPointer(rebasing: bytes[field.name.offset..<field.name.end]),
                UnsafeRawBufferPointer(rebasing: bytes[field.value.offset..<field.value.end]),
                id: field.id
            )
        }
    }

    /// Name and value with one check of the buffer's room.
    private mutating func append(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, id: FieldID) {
        let offset = self.bytes.writerIndex
        let size = name.count + value.count
        self.bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: size) { target in
            UnsafeMutableRawBufferPointer(rebasing: target[..<name.count]).copyMemory(from: name)
            UnsafeMutableRawBufferPointer(rebasing: target[name.count..<size]).copyMemory(from: value)
            return size
        }
        self.append(
            Field(
                name: ByteRange(offset: offset, count: name.count),
                value: ByteRange(offset: offset + name.count, count: value.count),
                id: id
            )
        )
    }

    private mutating func append(_ field: Field) {
        self.fields.append(field)
        self.present.insert(field.id)
    }

    /// Keeps bytes beside the fields, for who needs them as long as the message: a normalised path, a made-up ID.
    package mutating func store(_ write: (inout ByteBuffer) -> Void) -> ByteRange {
        let start = self.bytes.writerIndex
        write(&self.bytes)
        return ByteRange(offset: start, count: self.bytes.writerIndex - start)
    }

    package mutating func removeAll(_ name: HeaderName) {
        guard self.present.contains(name.id) else { return }
        self.removeAll { block, field in block.matches(field, name) }
    }

    package mutating func remove(_ id: FieldID) {
        guard self.present.contains(id) else { return }
        self.removeAll { _, field in field.id == id }
    }

    package mutating func removeAll(where condition: (borrowing HeaderBlock, Field) -> Bool) {
        var kept = 0
        for index in 0..<self.fields.count {
            let field = self.fields[index]
            if condition(self, field) { continue }
            if kept != index { self.fields[kept] = field }
            kept &+= 1
        }
        if kept < self.fields.count { self.fields.removeSubrange(kept...) }
    }

    private mutating func sanitize(_ value: ByteRange) {
        guard !self.withBytes(value, ByteClass.isFieldValue) else { return }
        self.bytes.withUnsafeMutableReadableBytes { all in
            for index in value.offset..<value.end where !ByteClass.isFieldByte(all[index]) {
                all[index] = UInt8(ascii: "_")
            }
        }
    }
}

extension ByteBuffer {
    /// Appends the field lines of a section, without the empty line that ends it.
    package mutating func writeFields(_ block: borrowing HeaderBlock) {
        var size = 0
        for field in block.fields { size &+= field.name.count &+ field.value.count &+ 4 }
        guard size > 0 else { return }
        self.writeWithUnsafeMutableBytes(minimumWritableBytes: size) { target in
            block.bytes.withUnsafeReadableBytes { source in
                guard var output = target.baseAddress, let input = source.baseAddress else { return 0 }
                for field in block.fields {
                    output.copyMemory(from: input + field.name.offset, byteCount: field.name.count)
                    output += field.name.count
                    output.storeBytes(of: UInt16(littleEndian: 0x203A), as: UInt16.self)  // ": "
                    output += 2
                    output.copyMemory(from: input + field.value.offset, byteCount: field.value.count)
                    output += field.value.count
                    output.storeBytes(of: UInt16(littleEndian: 0x0A0D), as: UInt16.self)  // CR LF
                    output += 2
                }
                return size
            }
        }
    }
}
