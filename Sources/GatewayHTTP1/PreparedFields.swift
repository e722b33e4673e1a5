import NIOCore

/// Fields that are the same on every message, as the lines that are written: a block takes them with one copy, where
/// each by itself took some two hundred instructions.
package struct PreparedFields: Sendable {
    package let names: FieldSet
    let bytes: ByteBuffer
    let fields: ContiguousArray<HeaderBlock.Field>

    /// Bytes that no field value may hold become "_".
    package init(_ fields: [(name: HeaderName, value: [UInt8])]) {
        var block = HeaderBlock()
        for field in fields { block.add(field.name, field.value) }
        self.names = block.present
        self.bytes = block.bytes
        self.fields = block.fields
    }
}
