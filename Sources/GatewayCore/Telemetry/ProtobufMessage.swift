package import NIOCore

/// A message of Protocol Buffers (proto2) that is being written.
///
/// https://protobuf.dev/programming-guides/encoding/
package struct ProtobufMessage: Sendable {
    package private(set) var bytes = ByteBuffer()

    package init() {}

    /// Empties the message, and keeps its memory.
    package mutating func clear() { self.bytes.clear() }

    private enum WireType: UInt64 {
        case varint = 0
        case fixed64 = 1
        case bytes = 2
    }

    package mutating func write(_ field: UInt64, _ value: UInt64) {
        self.write(field, .varint)
        Self.write(varint: value, into: &self.bytes)
    }

    /// Writes an `sint32` or an `sint64`: small for small numbers of either sign.
    package mutating func write(_ field: UInt64, zigzag value: Int64) {
        self.write(field, UInt64(bitPattern: value << 1 ^ value >> 63))
    }

    package mutating func write(_ field: UInt64, _ value: Double) {
        self.write(field, .fixed64)
        self.bytes.writeInteger(value.bitPattern, endianness: .little)
    }

    package mutating func write(_ field: UInt64, _ text: String) {
        self.write(field, .bytes)
        Self.write(varint: UInt64(text.utf8.count), into: &self.bytes)
        self.bytes.writeString(text)
    }

    package mutating func write(_ field: UInt64, _ message: ProtobufMessage) {
        self.write(field, .bytes)
        message.writeDelimited(into: &self.bytes)
    }

    /// Writes the message with its length in front.
    package func writeDelimited(into output: inout ByteBuffer) {
        Self.write(varint: UInt64(self.bytes.readableBytes), into: &output)
        output.writeImmutableBuffer(self.bytes)
    }

    private mutating func write(_ field: UInt64, _ type: WireType) {
        Self.write(varint: field << 3 | type.rawValue, into: &self.bytes)
    }

    private static func write(varint value: UInt64, into output: inout ByteBuffer) {
        var rest = value
        while rest >= 0x80 {
            output.writeInteger(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        output.writeInteger(UInt8(truncatingIfNeeded: rest))
    }
}
