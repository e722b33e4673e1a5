package import NIOCore

/// Writes the many small pieces of a head into room that is made once: each call of `ByteBuffer` for itself checks the
/// room, whether the storage is shared, and moves its index, which was a fifth of all instructions of a request.
package struct HeadWriter: ~Copyable {
    private let start: UnsafeMutableRawPointer?
    private let capacity: Int
    fileprivate private(set) var count = 0
    /// More was written than there is room for; nothing of it counts.
    fileprivate private(set) var hasOverflowed = false

    fileprivate init(_ room: UnsafeMutableRawBufferPointer) {
        self.start = room.baseAddress
        self.capacity = room.count
    }

    package mutating func write(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress, let start = self.start else { return }
        guard bytes.count <= self.capacity - self.count else {
            self.hasOverflowed = true
            return
        }
        (start + self.count).copyMemory(from: source, byteCount: bytes.count)
        self.count &+= bytes.count
    }

    package mutating func write(_ literal: StaticString) { self.write(UnsafeRawBufferPointer(literal)) }

    package mutating func write(_ bytes: [UInt8]) { bytes.withUnsafeBytes { self.write($0) } }

    package mutating func write(_ byte: UInt8) {
        guard self.count < self.capacity, let start = self.start else {
            self.hasOverflowed = true
            return
        }
        start.storeBytes(of: byte, toByteOffset: self.count, as: UInt8.self)
        self.count &+= 1
    }

    package mutating func writeLineEnd() {
        self.write(UInt8(0x0D))
        self.write(UInt8(0x0A))
    }

    /// A number that is not negative, in decimal digits.
    package mutating func write(decimal number: Int) {
        guard number > 9 else { return self.write(UInt8(ascii: "0") &+ UInt8(clamping: number)) }
        self.write(decimal: number / 10)
        self.write(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: number % 10))
    }

    /// A part of a block, by position.
    package mutating func write(_ range: ByteRange, of block: borrowing HeaderBlock) {
        block.bytes.withUnsafeReadableBytes {
            self.write(UnsafeRawBufferPointer(rebasing: $0[range.offset..<range.end]))
        }
    }

    /// The field lines of a section, without the empty line that ends it.
    ///
    /// - Parameter excluded: left out.
    package mutating func writeFields(_ block: borrowing HeaderBlock, except excluded: FieldID? = nil) {
        block.bytes.withUnsafeReadableBytes { source in
            for field in block.fields where field.id != excluded {
                self.write(UnsafeRawBufferPointer(rebasing: source[field.name.offset..<field.name.end]))
                self.write(UInt8(ascii: ":"))
                self.write(UInt8(ascii: " "))
                self.write(UnsafeRawBufferPointer(rebasing: source[field.value.offset..<field.value.end]))
                self.writeLineEnd()
            }
        }
    }

    package mutating func writeStatusLine(_ status: Int) {
        self.write("HTTP/1.1 ")
        self.write(decimal: status)
        self.write(UInt8(ascii: " "))
        self.write(StatusReason.phrase(status))
        self.writeLineEnd()
    }
}

extension ByteBuffer {
    /// Appends a head that `body` writes.
    ///
    /// - Parameters:
    ///   - room: how many bytes it probably takes. Where it takes more, `body` is called again with twice the room.
    package mutating func writeHead(room: Int, _ body: (inout HeadWriter) -> Void) {
        var room = max(room, 64)
        var isWritten = false
        while !isWritten {
            self.writeWithUnsafeMutableBytes(minimumWritableBytes: room) { target in
                var writer = HeadWriter(target)
                body(&writer)
                isWritten = !writer.hasOverflowed
                return isWritten ? writer.count : 0
            }
            room *= 2
        }
    }
}
