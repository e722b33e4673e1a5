package import NIOCore

/// Fields that are the same in every message, stored as written lines. A block adds them with one copy; adding each
/// one separately took about two hundred instructions.
package struct PreparedFields: Sendable {
    package let names: FieldSet
    package let bytes: ByteBuffer
    package let fields: ContiguousArray<HeaderBlock.Field>

    package init() {
        self.names = FieldSet()
        self.bytes = ByteBuffer()
        self.fields = []
    }

    /// Creates fields from those of others, with the same lines in other memory.
    package init(names: FieldSet, bytes: ByteBuffer, fields: ContiguousArray<HeaderBlock.Field>) {
        self.names = names
        self.bytes = bytes
        self.fields = fields
    }

    /// Creates fields from names and values. Bytes that are not allowed in a field value become "_".
    package init(_ fields: [(name: HeaderName, value: [UInt8])]) {
        self.init { block in
            for field in fields { block.add(field.name, field.value) }
        }
    }

    /// Creates fields from `fields` and those that `write` adds to a block.
    ///
    /// - Parameter room: The expected number of bytes to be added.
    package init(_ fields: PreparedFields = PreparedFields(), room: Int = 0, _ write: (inout HeaderBlock) -> Void) {
        var block = HeaderBlock(fields, room: room)
        write(&block)
        self.names = block.present
        self.bytes = block.bytes
        self.fields = block.fields
    }
}
