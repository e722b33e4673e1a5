import NIOCore

@testable import GatewayHTTP1

/// The same bytes as a peer may send them: nothing keeps boundaries.
enum Segmentation {
    /// In two pieces, cut where the input itself says, and in single bytes.
    static func all(of input: [UInt8]) -> [[[UInt8]]] {
        guard input.count > 1 else { return [] }
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in input { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        let cut = 1 + Int(hash % UInt64(input.count - 1))
        return [[Array(input[..<cut]), Array(input[cut...])], input.map { [$0] }]
    }
}

extension [UInt8] {
    /// The lines without their ends.
    var lines: [[UInt8]] { self.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map(Array.init) }

    /// Without the blanks at both ends.
    var trimmed: [UInt8] {
        let isVisible: (UInt8) -> Bool = { $0 != 0x20 && $0 != 0x09 }
        guard let first = self.firstIndex(where: isVisible), let last = self.lastIndex(where: isVisible) else {
            return []
        }
        return Array(self[first...last])
    }

    /// Nothing that could end a line, or be read otherwise by whoever comes next.
    var isFieldValue: Bool { self.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 } && self == self.trimmed }
}

extension HeaderBlock {
    /// A block with a field of this name for each value.
    init(_ id: FieldID, _ values: [[UInt8]]) {
        self.init()
        for value in values { self.add(HeaderName(id), value) }
    }

    /// Names and values as they stand in the block.
    var contents: [[[UInt8]]] {
        self.fields.map { field in [field.name, field.value].map { self.withBytes($0) { Array($0) } } }
    }
}
