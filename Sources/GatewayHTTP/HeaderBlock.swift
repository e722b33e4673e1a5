public import NIOCore

/// The fields of a message, as offsets into one buffer. The parser creates it once, it is changed in place, and the
/// next message reuses it without allocating.
///
/// It is noncopyable, so every access is in place. As a copyable struct in a class, each access cost two retain and
/// release pairs.
public struct HeaderBlock: ~Copyable, Sendable {
    /// Names and values. Removed and replaced ones remain in the buffer unused.
    @usableFromInline
    package private(set) var bytes: ByteBuffer
    package private(set) var fields: ContiguousArray<Field>
    /// The IDs that the fields have or had.
    package private(set) var present = FieldSet()

    package struct Field: Sendable {
        package var name: ByteRange
        package var value: ByteRange
        package var id: FieldID

        package init(name: ByteRange, value: ByteRange, id: FieldID) {
            self.name = name
            self.value = value
            self.id = id
        }
    }

    package init() {
        self.bytes = ByteBuffer()
        self.fields = []
    }

    /// Creates a block with prepared fields.
    ///
    /// - Parameter room: The expected number of bytes to be added.
    package init(_ prepared: PreparedFields, room: Int) {
        self.bytes = prepared.bytes
        self.fields = prepared.fields
        self.present = prepared.names
        guard room > 0 else { return }
        self.bytes.reserveCapacity(minimumWritableBytes: room)
        self.fields.reserveCapacity(self.fields.count + 8)
    }

    /// Creates a block with the same bytes and fields, so that ranges of one are valid in the other.
    package init(copying other: borrowing HeaderBlock) {
        self.bytes = other.bytes
        self.fields = other.fields
        self.present = other.present
    }

    /// Removes all fields and keeps the memory.
    package mutating func clear() {
        self.bytes.clear()
        self.fields.removeAll(keepingCapacity: true)
        self.present = FieldSet()
    }

    /// Releases the memory that the fields do not use, in a block that stays for long.
    package mutating func compact() {
        self.bytes = ByteBuffer(bytes: self.bytes.readableBytesView)
        self.fields = ContiguousArray(unsafeUninitializedCapacity: self.fields.count) { storage, count in
            count = self.fields.count
            _ = storage.initialize(from: self.fields)
        }
    }

    /// Loads the received bytes of a whole section, for ``index(_:)`` to index.
    package mutating func load(_ section: UnsafeRawBufferPointer) {
        self.clear()
        self.bytes.writeBytes(section)
    }

    /// Runs an indexer over the loaded bytes, along with the list of fields to fill.
    package mutating func index(
        _ body: (UnsafeRawBufferPointer, inout ContiguousArray<Field>) throws(MessageError) -> Void
    ) throws(MessageError) {
        try self.bytes.withUnsafeReadableBytes { (bytes) throws(MessageError) in try body(bytes, &self.fields) }
        for field in self.fields { self.present.insert(field.id) }
    }

    /// Replaces a field's value with another part of the section. For indexers.
    package mutating func replaceValue(at index: Int, with value: ByteRange) { self.fields[index].value = value }

    /// Removes the leading zeros of a number from a field's value. For indexers.
    mutating func dropLeadingZeros(at index: Int) {
        let value = self.fields[index].value
        var zeros = 0
        self.withBytes(value) { digits in
            while zeros < digits.count - 1, digits[zeros] == UInt8(ascii: "0") { zeros &+= 1 }
        }
        guard zeros > 0 else { return }
        self.fields[index].value = ByteRange(offset: value.offset + zeros, count: value.count - zeros)
    }

    // MARK: Reading

    package var count: Int { self.fields.count }

    package func first(_ id: FieldID) -> ByteRange? {
        guard self.present.contains(id) else { return nil }
        for index in self.fields.indices where self.fields[index].id == id { return self.fields[index].value }
        return nil
    }

    package func first(_ name: HeaderName) -> ByteRange? {
        guard self.present.contains(name.id) else { return nil }
        for index in self.fields.indices where self.matches(self.fields[index], name) {
            return self.fields[index].value
        }
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

    /// Calls `body` with the bytes of a range of this block. They are valid only inside `body`.
    @inlinable
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

    /// Returns a separate buffer that shares the bytes of a range. While it exists, the next change of this block
    /// makes a copy.
    package func slice(_ range: ByteRange) -> ByteBuffer {
        self.bytes.getSlice(at: range.offset, length: range.count) ?? ByteBuffer()
    }

    // MARK: Changing

    /// Adds a field whose value is written by `write`. Bytes that are not allowed in a field value become "_", so
    /// that a value can never start another line.
    ///
    /// - Parameter room: The expected length of the value.
    /// - Returns: The range of the value.
    @discardableResult
    package mutating func add(
        _ name: HeaderName,
        room: Int = 64,
        write: (inout HeadWriter) -> Void
    ) -> ByteRange {
        let start = self.bytes.writerIndex
        self.bytes.writeHead(room: room + name.bytes.count + 4) { line in
            line.write(name.bytes)
            line.write(UInt8(ascii: ":"))
            line.write(UInt8(ascii: " "))
            write(&line)
            line.writeLineEnd()
        }
        let offset = start + name.bytes.count + 2
        let value = ByteRange(offset: offset, count: self.bytes.writerIndex - 2 - offset)
        self.append(Field(name: ByteRange(offset: start, count: name.bytes.count), value: value, id: name.id))
        self.sanitize(value)
        return value
    }

    /// Adds a field whose value is already in this block. The bytes are shared, not copied.
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
        if isAdded == nil { self.add(name) { line in for byte in value { line.write(byte) } } }
    }

    package mutating func add(_ name: HeaderName, _ value: StaticString) {
        name.bytes.withUnsafeBytes { self.append($0, UnsafeRawBufferPointer(value), id: name.id) }
        self.sanitize(self.fields[self.fields.count - 1].value)
    }

    package mutating func set(_ name: HeaderName, _ value: some Collection<UInt8>) {
        self.removeAll(name)
        self.add(name, value)
    }

    /// Adds a field of another message, with its name as written there.
    package mutating func add(_ field: Field, from other: borrowing HeaderBlock) {
        other.bytes.withUnsafeReadableBytes { bytes in
            self.append(
                UnsafeRawBufferPointer(rebasing: bytes[field.name.offset..<field.name.end]),
                UnsafeRawBufferPointer(rebasing: bytes[field.value.offset..<field.value.end]),
                id: field.id
            )
        }
    }

    /// Adds prepared fields with one copy.
    package mutating func add(_ prepared: PreparedFields) {
        let offset = self.bytes.writerIndex
        let start = self.fields.count
        self.bytes.writeImmutableBuffer(prepared.bytes)
        self.fields.append(contentsOf: prepared.fields)
        for index in start..<self.fields.count {
            self.fields[index].name.move(by: offset)
            self.fields[index].value.move(by: offset)
        }
        self.present = self.present.union(prepared.names)
    }

    /// Adds a received field. The caller has checked its bytes.
    package mutating func addReceived(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, id: FieldID) {
        self.append(name, value, id: id)
    }

    /// Appends a field in its written form, with one check of the buffer's capacity.
    private mutating func append(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, id: FieldID) {
        let start = self.bytes.writerIndex
        self.bytes.writeHead(room: name.count + value.count + 4) { $0.writeLine(name, value) }
        self.append(
            Field(
                name: ByteRange(offset: start, count: name.count),
                value: ByteRange(offset: start + name.count + 2, count: value.count),
                id: id
            )
        )
    }

    private mutating func append(_ field: Field) {
        self.fields.append(field)
        self.present.insert(field.id)
    }

    /// Stores bytes next to the fields, for as long as the message exists: for example a normalized path or a
    /// generated ID.
    ///
    /// - Parameter room: The expected number of bytes.
    package mutating func store(room: Int = 64, _ write: (inout HeadWriter) -> Void) -> ByteRange {
        let start = self.bytes.writerIndex
        self.bytes.writeHead(room: room, write)
        return ByteRange(offset: start, count: self.bytes.writerIndex - start)
    }

    /// Replaces bytes that were added or stored before. What `write` leaves out keeps its old bytes.
    package mutating func overwrite(_ range: ByteRange, _ write: (inout HeadWriter) -> Void) {
        self.bytes.overwriteHead(at: range.offset, count: range.count, write)
    }

    /// Joins all lines of a list-valued field into one value (RFC 9110 section 5.3), which is stored in the block.
    /// Empty if there is no such field.
    package mutating func joined(_ id: FieldID) -> ByteRange {
        let lines = self.fields.filter { $0.id == id && !$0.value.isEmpty }
        guard let first = lines.first else { return .empty }
        guard lines.count > 1 else { return first.value }
        let values = lines.map { line in self.withBytes(line.value) { Array($0) } }
        return self.store { output in
            for (index, value) in values.enumerated() {
                if index > 0 { output.write(", ") }
                output.write(value)
            }
        }
    }

    package mutating func removeAll(_ name: HeaderName) {
        guard self.present.contains(name.id) else { return }
        self.removeAll { block, field in block.matches(field, name) }
    }

    /// Removes the fields that a server might take for one of this name: those whose names differ only in case, or in
    /// bytes that are neither letters nor digits, as `X_User` and `X.User` do from `X-User`.
    package mutating func removeAll(spelledLike name: HeaderName) {
        self.removeAll { block, field in block.isSpelledLike(field, name) }
    }

    /// Whether a server might take the field for one of this name.
    package func isSpelledLike(_ field: Field, _ name: HeaderName) -> Bool {
        guard field.name.count == name.bytes.count else { return false }
        return name.bytes.withUnsafeBytes { wanted in
            self.withBytes(field.name) { ByteClass.isSpelledLike($0, wanted) }
        }
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
        self.writeHead(room: block.bytes.readableBytes) { $0.writeFields(block) }
    }
}
