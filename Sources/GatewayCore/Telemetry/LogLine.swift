/// The buffer in which a log line is built.
///
/// A line takes a hundred small writes. In a `ByteBuffer` each would check for uniqueness and exclusive access, which
/// is most of their cost. One buffer serves all lines.
struct LogLine: ~Copyable {
    private var storage = UnsafeMutableRawBufferPointer.allocate(byteCount: 2048, alignment: 1)
    private(set) var count = 0

    deinit {
        storage.deallocate()
    }

    /// The bytes written so far.
    var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: storage[..<count])
    }

    mutating func clear() {
        count = 0
    }

    package mutating func write(_ byte: UInt8) {
        reserve(1)
        storage[count] = byte
        count += 1
    }

    package mutating func write(_ text: StaticString) {
        write(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    package mutating func write(_ bytes: UnsafeRawBufferPointer) {
        reserve(bytes.count)
        UnsafeMutableRawBufferPointer(rebasing: storage[count...]).copyMemory(from: bytes)
        count += bytes.count
    }

    package mutating func write(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { write($0) }
    }

    package mutating func write(string: String) {
        var string = string
        string.withUTF8 { write(UnsafeRawBufferPointer($0)) }
    }

    package mutating func write(decimal number: some FixedWidthInteger) {
        // 64 bits have at most twenty digits. They are written from the right.
        reserve(20)
        var rest = UInt64(clamping: number)
        var length = 1
        var bound = rest / 10
        while bound > 0 {
            bound /= 10
            length += 1
        }
        for place in stride(from: count + length - 1, through: count, by: -1) {
            storage[place] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        }
        count += length
    }

    /// Shortens what was written since `start` to `width` bytes, including an ellipsis. Never splits a character.
    mutating func shorten(from start: Int, to width: Int) {
        guard count - start > width else { return }
        count = start + width - 1
        while count > start, storage[count] & 0xC0 == 0x80 { count -= 1 }
        write("…")
    }

    private mutating func reserve(_ bytes: Int) {
        let needed = count + bytes
        guard needed > storage.count else { return }
        let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: max(needed, storage.count * 2), alignment: 1)
        larger.copyMemory(from: self.bytes)
        storage.deallocate()
        storage = larger
    }
}
