package import NIOCore

/// Writes the many small pieces of a head into space that is reserved once. Each write to a `ByteBuffer` checks the
/// capacity, checks whether the storage is shared, and moves its index. That took a fifth of all instructions of a
/// request.
package struct HeadWriter: ~Copyable {
    private let start: UnsafeMutableRawPointer?
    private let capacity: Int
    fileprivate private(set) var count = 0
    /// Whether more was written than fits. The output is then discarded.
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

    package mutating func write(_ buffer: ByteBuffer) { buffer.withUnsafeReadableBytes { self.write($0) } }

    /// Writes sixteen lowercase hexadecimal digits, most significant first.
    package mutating func write(hexadecimal number: UInt64) {
        guard self.capacity - self.count >= 16, let start = self.start else {
            self.hasOverflowed = true
            return
        }
        let high = Self.hexadecimalDigits(UInt32(truncatingIfNeeded: number >> 32))
        let low = Self.hexadecimalDigits(UInt32(truncatingIfNeeded: number))
        start.storeBytes(of: high.littleEndian, toByteOffset: self.count, as: UInt64.self)
        start.storeBytes(of: low.littleEndian, toByteOffset: self.count &+ 8, as: UInt64.self)
        self.count &+= 16
    }

    /// Returns the eight digits of a number as characters, the first one in the lowest byte. All eight are computed
    /// at once: digit by digit, the identifiers of a request took two thousand instructions.
    package static func hexadecimalDigits(_ number: UInt32) -> UInt64 {
        // Moves each digit into a separate byte, the most significant one into the lowest byte.
        var digits = UInt64(number.byteSwapped)
        digits = (digits | digits << 16) & 0x0000_FFFF_0000_FFFF
        digits = (digits | digits << 8) & 0x00FF_00FF_00FF_00FF
        digits = (digits >> 4 | digits << 8) & 0x0F0F_0F0F_0F0F_0F0F
        // Digits from 10 become letters: 0x27 is the distance from "9" + 1 to "a".
        let letters = ((digits &+ 0x0606_0606_0606_0606) >> 4) & 0x0101_0101_0101_0101
        return digits &+ 0x3030_3030_3030_3030 &+ letters &* 0x27
    }

    package mutating func writeLineEnd() {
        self.write(UInt8(0x0D))
        self.write(UInt8(0x0A))
    }

    /// Writes a nonnegative number in decimal.
    package mutating func write(decimal number: Int) {
        var rest = UInt64(clamping: number)
        guard rest > 9 else { return self.write(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest)) }
        var end = self.count &+ 1
        var bound: UInt64 = 10
        while rest >= bound, end &- self.count < 19 {
            end &+= 1
            bound &*= 10
        }
        guard end <= self.capacity, let start = self.start else {
            self.hasOverflowed = true
            return
        }
        self.count = end
        while rest > 0 {
            end &-= 1
            let digit = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10)
            start.storeBytes(of: digit, toByteOffset: end, as: UInt8.self)
            rest /= 10
        }
    }

    /// Writes a range of a block.
    package mutating func write(_ range: ByteRange, of block: borrowing HeaderBlock) {
        block.bytes.withUnsafeReadableBytes {
            self.write(UnsafeRawBufferPointer(rebasing: $0[range.offset..<range.end]))
        }
    }

    /// Writes the field lines of a section, without the empty line that ends it.
    ///
    /// Most lines are stored consecutively in their final form, and are copied together.
    ///
    /// - Parameter excluded: A field to leave out.
    package mutating func writeFields(_ block: borrowing HeaderBlock, except excluded: FieldID? = nil) {
        block.bytes.withUnsafeReadableBytes { source in
            var start = 0
            var end = 0
            for field in block.fields where field.id != excluded {
                let isLine = field.isLine(in: source)
                if !isLine || field.name.offset != end {
                    self.write(UnsafeRawBufferPointer(rebasing: source[start..<end]))
                    start = field.name.offset
                    end = start
                }
                if isLine {
                    end = field.value.end &+ 2
                } else {
                    self.writeLine(
                        UnsafeRawBufferPointer(rebasing: source[field.name.offset..<field.name.end]),
                        UnsafeRawBufferPointer(rebasing: source[field.value.offset..<field.value.end])
                    )
                }
            }
            self.write(UnsafeRawBufferPointer(rebasing: source[start..<end]))
        }
    }

    mutating func writeLine(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
        self.write(name)
        self.write(UInt8(ascii: ":"))
        self.write(UInt8(ascii: " "))
        self.write(value)
        self.writeLineEnd()
    }

    package mutating func writeStatusLine(_ status: Int) {
        self.write("HTTP/1.1 ")
        self.write(decimal: status)
        self.write(UInt8(ascii: " "))
        self.write(StatusReason.phrase(status))
        self.writeLineEnd()
    }

    /// Writes the status line of a response, with the reason phrase from the upstream if there is one.
    package mutating func writeStatusLine(of head: borrowing ResponseHead) {
        guard let reason = head.reason else { return self.writeStatusLine(head.status) }
        self.write("HTTP/1.1 ")
        self.write(decimal: head.status)
        self.write(UInt8(ascii: " "))
        self.write(reason, of: head.headers)
        self.writeLineEnd()
    }
}

extension HeaderBlock.Field {
    /// Returns whether the name and value are stored as a complete line: separated by ": " and followed by CR LF.
    fileprivate func isLine(in source: UnsafeRawBufferPointer) -> Bool {
        guard self.name.end &+ 2 == self.value.offset, self.value.end &+ 2 <= source.count else { return false }
        return source.loadUnaligned(fromByteOffset: self.name.end, as: UInt16.self) == UInt16(littleEndian: 0x203A)
            && source.loadUnaligned(fromByteOffset: self.value.end, as: UInt16.self) == UInt16(littleEndian: 0x0A0D)
    }
}

extension ByteBuffer {
    /// Replaces readable bytes by what `body` writes. Bytes that it does not reach stay.
    mutating func overwriteHead(at offset: Int, count: Int, _ body: (inout HeadWriter) -> Void) {
        self.withUnsafeMutableReadableBytes { all in
            guard offset >= 0, count >= 0, offset + count <= all.count else { return }
            var writer = HeadWriter(UnsafeMutableRawBufferPointer(rebasing: all[offset..<(offset + count)]))
            body(&writer)
        }
    }

    /// Appends the head that `body` writes.
    ///
    /// - Parameters:
    ///   - room: The expected number of bytes. If the head is longer, `body` is called again with twice the space.
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
