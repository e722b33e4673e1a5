package import NIOCore

/// Reads replies in RESP2 from a stream of bytes.
///
/// Lengths in the stream are the server's word, so all are limited: nothing is allocated before its bytes have come.
package struct RedisReader {
    package struct Limits: Sendable {
        /// The longest line: a status, an error, a number.
        package var line = 64 * 1024
        /// The longest string, and the sum of the strings and texts of one reply.
        package var bytes = 64 * 1024 * 1024
        /// The elements of one reply, at all depths.
        package var elements = 256 * 1024
        package var depth = 8

        package init() {}
    }

    private struct Level {
        var missing: Int
        var elements: [RedisReply]
    }

    private let limits: Limits
    private var buffer = ByteBuffer()
    /// How many of the readable bytes were searched for the end of a line.
    private var searched = 0
    /// The arrays that are not complete, from the outermost on.
    private var levels: [Level] = []
    private var elements = 0
    private var bytes = 0

    package init(limits: Limits = Limits()) { self.limits = limits }

    package mutating func append(_ bytes: consuming ByteBuffer) {
        if self.buffer.readableBytes == 0 {
            self.buffer = bytes
        } else {
            self.compact()
            self.buffer.writeBuffer(&bytes)
        }
    }

    /// Returns the next reply, or nil if it has not come as a whole.
    package mutating func next() throws(RedisProtocolError) -> RedisReply? {
        while let value = try self.nextValue() {
            guard var reply = value.reply else { continue }
            while var level = self.levels.popLast() {
                level.elements.append(reply)
                level.missing -= 1
                guard level.missing == 0 else {
                    self.levels.append(level)
                    break
                }
                reply = .array(level.elements)
            }
            if self.levels.isEmpty {
                self.elements = 0
                self.bytes = 0
                if self.buffer.readableBytes == 0 { self.buffer.clear() } else { self.compact() }
                return reply
            }
        }
        return nil
    }

    /// Bytes that were read are dropped once they are most of the buffer, so that it does not grow without end.
    private mutating func compact() {
        if self.buffer.readerIndex > 64 * 1024, self.buffer.readerIndex > self.buffer.readableBytes {
            self.buffer.discardReadBytes()
        }
    }

    /// A value without elements, or nothing for the head of an array.
    private struct Value { var reply: RedisReply? }

    private mutating func nextValue() throws(RedisProtocolError) -> Value? {
        guard let end = try self.lineEnd() else { return nil }
        let start = self.buffer.readerIndex
        guard start < end, let type = self.buffer.getInteger(at: start, as: UInt8.self) else { throw .unknownType }
        let line = start + 1..<end
        switch type {
        case UInt8(ascii: "+"): return Value(reply: .status(try self.takeLine(line)))
        case UInt8(ascii: "-"): return Value(reply: .error(try self.takeLine(line)))
        case UInt8(ascii: ":"):
            let number = try self.number(line)
            self.consume(to: end + 2)
            return Value(reply: .integer(number))
        case UInt8(ascii: "$"): return try self.string(try self.number(line), after: end + 2)
        case UInt8(ascii: "*"):
            let count = try self.number(line)
            self.consume(to: end + 2)
            return try self.array(count)
        default: throw .unknownType
        }
    }

    private mutating func string(_ length: Int, after head: Int) throws(RedisProtocolError) -> Value? {
        if length == -1 {
            self.consume(to: head)
            return Value(reply: .null)
        }
        guard length >= 0 else { throw .malformed }
        guard length <= self.limits.bytes - self.bytes else { throw .tooLong }
        guard self.buffer.writerIndex - head >= length + 2 else { return nil }
        guard self.buffer.getInteger(at: head + length, as: UInt16.self) == 0x0D0A else { throw .malformed }
        // A copy of its own size. A slice would keep everything alive that came with it.
        var bytes = ByteBuffer()
        if length > 0 {
            bytes = ByteBufferAllocator().buffer(capacity: length)
            self.buffer.withUnsafeReadableBytes { all in
                let offset = head - self.buffer.readerIndex
                bytes.writeBytes(UnsafeRawBufferPointer(rebasing: all[offset..<offset + length]))
            }
        }
        self.bytes += length
        self.consume(to: head + length + 2)
        return Value(reply: .bytes(bytes))
    }

    private mutating func array(_ count: Int) throws(RedisProtocolError) -> Value {
        switch count {
        case -1: return Value(reply: .null)
        case 0: return Value(reply: .array([]))
        case 1...:
            guard self.levels.count < self.limits.depth else { throw .tooDeep }
            guard count <= self.limits.elements - self.elements else { throw .tooLong }
            self.elements += count
            var level = Level(missing: count, elements: [])
            level.elements.reserveCapacity(min(count, 64))
            self.levels.append(level)
            return Value(reply: nil)
        default: throw .malformed
        }
    }

    // MARK: Lines

    /// The index of the CR that ends the line, or nil if it has not come.
    private mutating func lineEnd() throws(RedisProtocolError) -> Int? {
        let start = self.buffer.readerIndex
        let searched = self.searched
        let found = self.buffer.withUnsafeReadableBytes { bytes -> Int? in
            var index = searched
            while index + 1 < bytes.count {
                if bytes[index] == 0x0D, bytes[index + 1] == 0x0A { return start + index }
                index += 1
            }
            return nil
        }
        if let found {
            guard found - start <= self.limits.line else { throw .tooLong }
            return found
        }
        guard self.buffer.readableBytes <= self.limits.line else { throw .tooLong }
        self.searched = max(0, self.buffer.readableBytes - 1)
        return nil
    }

    private mutating func takeLine(_ line: Range<Int>) throws(RedisProtocolError) -> String {
        guard line.count <= self.limits.bytes - self.bytes else { throw .tooLong }
        self.bytes += line.count
        let text = self.buffer.getString(at: line.lowerBound, length: line.count) ?? ""
        self.consume(to: line.upperBound + 2)
        return text
    }

    private func number(_ line: Range<Int>) throws(RedisProtocolError) -> Int {
        let number = self.buffer.withUnsafeReadableBytes { bytes -> Int? in
            let base = self.buffer.readerIndex
            var digits = bytes[line.lowerBound - base..<line.upperBound - base]
            let isNegative = digits.first == UInt8(ascii: "-")
            if isNegative { digits.removeFirst() }
            guard !digits.isEmpty, digits.count <= 19 else { return nil }
            var number = 0
            for digit in digits {
                guard (0x30...0x39).contains(digit) else { return nil }
                let (product, isTooLarge) = number.multipliedReportingOverflow(by: 10)
                let (sum, overflows) = product.subtractingReportingOverflow(Int(digit - 0x30))
                if isTooLarge || overflows { return nil }
                number = sum
            }
            // Counted downwards, because the smallest number has no positive counterpart.
            return isNegative ? number : number == .min ? nil : -number
        }
        guard let number else { throw .malformed }
        return number
    }

    private mutating func consume(to index: Int) {
        self.buffer.moveReaderIndex(to: index)
        self.searched = 0
    }
}

/// What comes from the server is not RESP2, or more than is accepted.
package enum RedisProtocolError: Error, Hashable, CustomStringConvertible {
    case unknownType
    case malformed
    case tooLong
    case tooDeep

    package var description: String {
        switch self {
        case .unknownType, .malformed: "the server does not speak the protocol of Redis"
        case .tooLong: "a reply is too long"
        case .tooDeep: "a reply is nested too deeply"
        }
    }
}
