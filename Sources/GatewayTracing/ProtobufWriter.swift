/// Writes messages in the binary form of Protocol Buffers: each field is a tag with its number and wire type, and its
/// value. Only what OTLP needs.
///
/// https://protobuf.dev/programming-guides/encoding/
struct ProtobufWriter {
    private(set) var bytes: [UInt8] = []

    init() {}

    /// Wire types.
    private static let varint: UInt64 = 0
    private static let fixed64: UInt64 = 1
    private static let lengthDelimited: UInt64 = 2
    private static let fixed32: UInt64 = 5

    private mutating func tag(_ field: Int, _ type: UInt64) { self.write(varint: UInt64(field) << 3 | type) }

    private mutating func write(varint value: UInt64) {
        var value = value
        while value >= 0x80 {
            self.bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        self.bytes.append(UInt8(truncatingIfNeeded: value))
    }

    mutating func varint(_ field: Int, _ value: UInt64) {
        self.tag(field, Self.varint)
        self.write(varint: value)
    }

    /// An `int64`: negative numbers have ten bytes.
    mutating func integer(_ field: Int, _ value: Int) { self.varint(field, UInt64(bitPattern: Int64(value))) }

    mutating func boolean(_ field: Int, _ value: Bool) { self.varint(field, value ? 1 : 0) }

    mutating func fixed64(_ field: Int, _ value: UInt64) {
        self.tag(field, Self.fixed64)
        withUnsafeBytes(of: value.littleEndian) { self.bytes.append(contentsOf: $0) }
    }

    mutating func fixed32(_ field: Int, _ value: UInt32) {
        self.tag(field, Self.fixed32)
        withUnsafeBytes(of: value.littleEndian) { self.bytes.append(contentsOf: $0) }
    }

    mutating func double(_ field: Int, _ value: Double) { self.fixed64(field, value.bitPattern) }

    mutating func string(_ field: Int, _ value: String) {
        self.tag(field, Self.lengthDelimited)
        self.write(varint: UInt64(value.utf8.count))
        self.bytes.append(contentsOf: value.utf8)
    }

    mutating func bytes(_ field: Int, _ value: some Collection<UInt8>) {
        self.tag(field, Self.lengthDelimited)
        self.write(varint: UInt64(value.count))
        self.bytes.append(contentsOf: value)
    }

    /// The ID of a trace or a span, most significant byte first.
    mutating func id(_ field: Int, _ words: UInt64...) {
        self.tag(field, Self.lengthDelimited)
        self.write(varint: UInt64(words.count * 8))
        for word in words { withUnsafeBytes(of: word.bigEndian) { self.bytes.append(contentsOf: $0) } }
    }

    mutating func message(_ field: Int, _ write: (inout ProtobufWriter) -> Void) {
        var inner = ProtobufWriter()
        write(&inner)
        self.bytes(field, inner.bytes)
    }
}
