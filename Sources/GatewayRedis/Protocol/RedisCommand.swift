package import NIOCore

/// A command with its arguments.
package struct RedisCommand: Hashable, Sendable {
    /// The name in capitals, for metrics.
    package let name: String
    /// The name and the arguments.
    package let arguments: [ByteBuffer]
    /// Chooses the server of a cluster. Nil if any server will do.
    package let key: ByteBuffer?

    package init(_ name: String, arguments: [ByteBuffer], key: ByteBuffer?) {
        self.name = name
        self.arguments = arguments
        self.key = key
    }

    package init(_ arguments: [ByteBuffer], key: ByteBuffer?) {
        self.init(arguments.first.map { String(buffer: $0) } ?? "", arguments: arguments, key: key)
    }

    init(_ arguments: String..., key: String? = nil) {
        self.init(arguments.map { ByteBuffer(string: $0) }, key: key.map { ByteBuffer(string: $0) })
    }

    /// The number of bytes that it takes up to about a digit.
    var size: Int { self.arguments.reduce(16) { $0 + $1.readableBytes + 16 } }

    /// Writes the command as an array of bulk strings.
    func write(to buffer: inout ByteBuffer) {
        buffer.writeLength(self.arguments.count, after: UInt8(ascii: "*"))
        for argument in self.arguments {
            buffer.writeLength(argument.readableBytes, after: UInt8(ascii: "$"))
            buffer.writeImmutableBuffer(argument)
            buffer.writeInteger(Self.lineEnd)
        }
    }

    fileprivate static let lineEnd: UInt16 = 0x0D0A
}

extension ByteBuffer {
    fileprivate mutating func writeLength(_ length: Int, after type: UInt8) {
        self.writeInteger(type)
        if length < 10 {
            self.writeInteger(UInt8(truncatingIfNeeded: 48 + length))
        } else {
            self.writeString(String(length))
        }
        self.writeInteger(RedisCommand.lineEnd)
    }
}
