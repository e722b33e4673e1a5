package import GatewayHTTP
package import NIOCore

/// Compresses field blocks by the static table (RFC 7541). It keeps no dynamic table, so that a connection needs no
/// memory for it and the order of blocks does not matter.
package struct FieldBlockEncoder: Sendable {
    /// Whether the next block has to announce the size of the table, because the peer allows less than the default.
    private var announcesSize = false

    package init() {}

    /// Applies the smallest table that the peer has allowed.
    package mutating func limitTable(to size: Int) { if size < 4_096 { self.announcesSize = true } }

    /// Writes the announcement that must come first in a block after a change of the table's size.
    package mutating func begin(_ block: inout ByteBuffer) {
        guard self.announcesSize else { return }
        self.announcesSize = false
        block.writeInteger(0x20 as UInt8)
    }
}

extension ByteBuffer {
    /// Writes `:status`.
    package mutating func writeStatusField(_ status: Int) {
        let index: UInt8 =
            switch status {
            case 200: 8
            case 204: 9
            case 206: 10
            case 304: 11
            case 400: 12
            case 404: 13
            case 500: 14
            default: 0
            }
        guard index == 0 else {
            _ = self.writeInteger(0x80 | index)
            return
        }
        self.writeMultipleIntegers(0x08 as UInt8, 3 as UInt8)
        self.writeInteger(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: status / 100 % 10))
        self.writeInteger(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: status / 10 % 10))
        self.writeInteger(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: status % 10))
    }

    /// Writes the fields of a message with their names in lower case (RFC 9113 section 8.2.1), except those that belong
    /// to a connection (section 8.2.2).
    package mutating func writeFieldLiterals(_ block: borrowing HeaderBlock) {
        block.bytes.withUnsafeReadableBytes { bytes in
            let room = block.fields.reduce(0) { $0 + $1.name.count + $1.value.count + FieldLiteral.room }
            self.writeWithUnsafeMutableBytes(minimumWritableBytes: room) { target in
                var position = 0
                for field in block.fields where !field.id.isOfConnection {
                    let name = UnsafeRawBufferPointer(rebasing: bytes[field.name.offset..<field.name.end])
                    let value = UnsafeRawBufferPointer(rebasing: bytes[field.value.offset..<field.value.end])
                    FieldLiteral.write(name, value, id: field.id, to: target, &position)
                }
                return position
            }
        }
    }

    /// Writes one field.
    package mutating func writeFieldLiteral(_ id: FieldID, _ value: [UInt8]) {
        let name = UnsafeRawBufferPointer(id.name)
        _ = value.withUnsafeBytes { value in
            self.writeWithUnsafeMutableBytes(minimumWritableBytes: name.count + value.count + FieldLiteral.room) {
                target in
                var position = 0
                FieldLiteral.write(name, value, id: id, to: target, &position)
                return position
            }
        }
    }
}

extension FieldID {
    /// Whether HTTP/2 forbids the field, because it describes a connection of HTTP/1 (RFC 9113 section 8.2.2).
    package var isOfConnection: Bool {
        switch self {
        case .connection, .proxyConnection, .keepAlive, .transferEncoding, .upgrade: true
        default: false
        }
    }
}
