import GatewayHTTP

/// Writes fields as literals without indexing (RFC 7541 section 6.2), into space that the caller has reserved.
enum FieldLiteral {
    /// How many bytes a field takes in addition to its name and value: a first byte and two lengths.
    static let room = 12
    /// The mark of a field that must never enter a table, on this connection or behind it (RFC 7541 section 6.2.3).
    private static let never: UInt8 = 0x10

    /// Writes a field with its name in lower case (RFC 9113 section 8.2.1).
    static func write(
        _ name: UnsafeRawBufferPointer,
        _ value: UnsafeRawBufferPointer,
        id: FieldID,
        to target: UnsafeMutableRawBufferPointer,
        _ position: inout Int
    ) {
        let flags = id.isSecret ? self.never : 0
        let index = StaticFields.shared.index(of: id)
        if index > 0 {
            self.write(index, prefix: 4, flags: flags, to: target, &position)
        } else {
            target[position] = flags
            position &+= 1
            self.write(name.count, prefix: 7, to: target, &position)
            for byte in name {
                target[position] = asciiLowercased(byte)
                position &+= 1
            }
        }
        self.write(string: value, to: target, &position)
    }

    /// Writes a field whose name is that of an entry of the static table.
    static func write(
        _ value: UnsafeRawBufferPointer,
        index: Int,
        to target: UnsafeMutableRawBufferPointer,
        _ position: inout Int
    ) {
        self.write(index, prefix: 4, to: target, &position)
        self.write(string: value, to: target, &position)
    }

    /// Writes a field whose value consists of two parts, and whose name is that of an entry of the static table.
    static func write(
        _ first: UnsafeRawBufferPointer,
        followedBy second: UnsafeRawBufferPointer,
        index: Int,
        to target: UnsafeMutableRawBufferPointer,
        _ position: inout Int
    ) {
        self.write(index, prefix: 4, to: target, &position)
        self.write(first.count + second.count, prefix: 7, to: target, &position)
        self.copy(first, to: target, &position)
        self.copy(second, to: target, &position)
    }

    /// Writes an entry of the static table (RFC 7541 section 6.1).
    static func write(index: Int, to target: UnsafeMutableRawBufferPointer, _ position: inout Int) {
        target[position] = 0x80 | UInt8(truncatingIfNeeded: index)
        position &+= 1
    }

    private static func write(
        string: UnsafeRawBufferPointer,
        to target: UnsafeMutableRawBufferPointer,
        _ position: inout Int
    ) {
        self.write(string.count, prefix: 7, to: target, &position)
        self.copy(string, to: target, &position)
    }

    private static func copy(
        _ bytes: UnsafeRawBufferPointer,
        to target: UnsafeMutableRawBufferPointer,
        _ position: inout Int
    ) {
        UnsafeMutableRawBufferPointer(rebasing: target[position...]).copyMemory(from: bytes)
        position &+= bytes.count
    }

    /// Writes an integer (RFC 7541 section 5.1).
    private static func write(
        _ number: Int,
        prefix: UInt8,
        flags: UInt8 = 0,
        to target: UnsafeMutableRawBufferPointer,
        _ position: inout Int
    ) {
        let mask = 1 << Int(prefix) - 1
        guard number >= mask else {
            target[position] = flags | UInt8(truncatingIfNeeded: number)
            position &+= 1
            return
        }
        target[position] = flags | UInt8(truncatingIfNeeded: mask)
        position &+= 1
        var rest = number - mask
        while rest >= 0x80 {
            target[position] = UInt8(truncatingIfNeeded: rest) | 0x80
            position &+= 1
            rest >>= 7
        }
        target[position] = UInt8(truncatingIfNeeded: rest)
        position &+= 1
    }
}

extension FieldID {
    /// Whether the field is a credential. It must not be compressed with fields that others choose (RFC 7541 section 7.1).
    fileprivate var isSecret: Bool { self == .authorization || self == .cookie || self == .proxyAuthorization }
}
