import GatewayHTTP
import NIOCore

/// The parts of stored values: texts and lists with their lengths in front. Reading returns nil for anything that is not
/// whole, and allocates no more than what has arrived.
extension ByteBuffer {
    mutating func writeSized(_ bytes: some Collection<UInt8>) {
        self.writeInteger(UInt32(clamping: bytes.count))
        self.writeBytes(bytes)
    }

    mutating func readSized() -> [UInt8]? {
        guard let count = self.readInteger(as: UInt32.self) else { return nil }
        return self.readBytes(length: Int(count))
    }

    mutating func writeText(_ text: String) { self.writeSized(text.utf8) }

    mutating func readText() -> String? { self.readSized().flatMap { String(validating: $0, as: UTF8.self) } }

    mutating func writeList(_ texts: [String]) {
        self.writeInteger(UInt32(clamping: texts.count))
        for text in texts { self.writeText(text) }
    }

    mutating func readList() -> [String]? {
        guard let count = self.readInteger(as: UInt32.self), Int(count) * 4 <= self.readableBytes else { return nil }
        var texts: [String] = []
        for _ in 0..<count {
            guard let text = self.readText() else { return nil }
            texts.append(text)
        }
        return texts
    }

    mutating func writeFieldList(_ fields: PreparedFields) {
        self.writeInteger(UInt32(clamping: fields.fields.count))
        for field in fields.fields {
            self.writeInteger(UInt32(clamping: field.name.count))
            self.writeInteger(UInt32(clamping: field.value.count))
            self.writeBytes(fields.bytes.readableBytesView[range: field.name])
            self.writeBytes(fields.bytes.readableBytesView[range: field.value])
        }
    }

    /// Reads fields, which must be valid as they stand: what is in Redis must not be able to start another line.
    mutating func readFieldList() -> PreparedFields? {
        guard let count = self.readInteger(as: UInt32.self), Int(count) * 8 <= self.readableBytes else { return nil }
        var isValid = true
        let fields = PreparedFields { block in
            for _ in 0..<count where isValid { isValid = self.readField(into: &block) }
        }
        return isValid ? fields : nil
    }

    private mutating func readField(into block: inout HeaderBlock) -> Bool {
        guard let name = self.readInteger(as: UInt32.self), let value = self.readInteger(as: UInt32.self) else {
            return false
        }
        guard let line = self.readSlice(length: Int(name) + Int(value)) else { return false }
        return line.withUnsafeReadableBytes { line in
            let name = UnsafeRawBufferPointer(rebasing: line.prefix(Int(name)))
            let value = UnsafeRawBufferPointer(rebasing: line.dropFirst(name.count))
            guard !name.isEmpty, ByteClass.isToken(name), ByteClass.isFieldValue(value) else { return false }
            block.addReceived(name, value, id: FieldTable.shared.id(of: name))
            return true
        }
    }
}

extension ByteBufferView {
    fileprivate subscript(range range: ByteRange) -> ByteBufferView {
        self[self.startIndex + range.offset..<self.startIndex + range.end]
    }
}
