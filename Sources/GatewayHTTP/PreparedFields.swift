package import NIOCore

/// Fields that are the same on every message, as the lines that are written: a block takes them with one copy, where
/// each by itself took some two hundred instructions.
package struct PreparedFields: Sendable {
    package let names: FieldSet
    package let bytes: ByteBuffer
    package let fields: ContiguousArray<HeaderBlock.Field>

    package init() {
        self.names = FieldSet()
        self.bytes = ByteBuffer()
        self.fields = []
    }

    /// Bytes that no field value may hold become "_".
    package init(_ fields: [(name: HeaderName, value: [UInt8])]) {
        self.init { block in
            for field in fields { block.add(field.name, field.value) }
        }
    }

    /// What `write` adds to a block that has no fields but these.
    ///
    /// - Parameter room: how many bytes there probably will be.
    package init(_ fields: PreparedFields = PreparedFields(), room: Int = 0, _ write: (inout HeaderBlock) -> Void) {
        var block = HeaderBlock(fields, room: room)
        write(&block)
        self.names = block.present
        self.bytes = block.bytes
        self.fields = block.fields
    }
}
