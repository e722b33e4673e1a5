import NIOCore

@testable import GatewayHTTP
@testable import GatewayHTTP1

/// The same bytes in the ways a peer may send them: TCP keeps no boundaries.
enum Segmentation {
    /// Two pieces, split at a position derived from the input, and single bytes.
    static func all(of input: [UInt8]) -> [[[UInt8]]] {
        guard input.count > 1 else { return [] }
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in input { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        let cut = 1 + Int(hash % UInt64(input.count - 1))
        return [[Array(input[..<cut]), Array(input[cut...])], input.map { [$0] }]
    }
}

extension [UInt8] {
    /// The lines without line ends.
    var lines: [[UInt8]] { self.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map(Array.init) }

    /// The bytes without white space at both ends.
    var trimmed: [UInt8] {
        let isVisible: (UInt8) -> Bool = { $0 != 0x20 && $0 != 0x09 }
        guard let first = self.firstIndex(where: isVisible), let last = self.lastIndex(where: isVisible) else {
            return []
        }
        return Array(self[first...last])
    }

    /// Whether no byte could end a line or be parsed differently by the next recipient.
    var isFieldValue: Bool { self.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 } && self == self.trimmed }
}

extension HeaderBlock {
    /// A block with a field of this name for each value.
    init(_ id: FieldID, _ values: [[UInt8]]) {
        self.init()
        for value in values { self.add(HeaderName(id), value) }
    }

    /// The names and values in the block.
    var contents: [[[UInt8]]] {
        self.fields.map { field in [field.name, field.value].map { self.withBytes($0) { Array($0) } } }
    }
}
