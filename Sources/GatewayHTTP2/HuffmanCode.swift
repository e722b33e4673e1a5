/// The Huffman code of HPACK (RFC 7541 appendix B), as a state machine that reads four bits at a time.
struct HuffmanCode: Sendable {
    static let shared = HuffmanCode()

    /// The number of bits of each symbol's code. The code is canonical, so the lengths determine it. The last symbol marks
    /// the end of a string, and must not occur.
    private static let lengths: [UInt8] = [
        13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
        28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
        6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
        5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
        13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
        7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
        15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
        6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
        20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
        24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
        22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
        21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
        26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
        19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
        20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
        26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
        30,
    ]
    private static let endOfString: UInt16 = 256

    private struct Step {
        var next: UInt16 = 0
        var symbol: UInt8 = 0
        var flags: UInt8 = 0
    }

    private static let emits: UInt8 = 1
    private static let fails: UInt8 = 2

    /// The step for each node of the tree and each value of four bits.
    private let steps: [Step]
    /// Whether a string may end at the node: the bits since the last symbol are at most seven ones.
    private let mayEnd: [Bool]

    private init() {
        var tree = Tree()
        let symbols = (UInt16(0)...Self.endOfString).sorted {
            (Self.lengths[Int($0)], $0) < (Self.lengths[Int($1)], $1)
        }
        var code: UInt32 = 0
        var length: UInt8 = 0
        for symbol in symbols {
            code <<= UInt32(Self.lengths[Int(symbol)] - length)
            length = Self.lengths[Int(symbol)]
            tree.add(symbol, code: code, length: length)
            code += 1
        }
        var steps: [Step] = []
        for node in 0..<tree.children.count {
            for bits in UInt8(0)..<16 { steps.append(Self.step(in: tree, from: node, bits: bits)) }
        }
        self.steps = steps
        var mayEnd = [Bool](repeating: false, count: tree.children.count)
        var node = 0
        for _ in 0...7 {
            mayEnd[node] = true
            guard case .node(let next) = tree.children[node].1 else { break }
            node = next
        }
        self.mayEnd = mayEnd
    }

    private static func step(in tree: Tree, from start: Int, bits: UInt8) -> Step {
        var step = Step()
        var node = start
        for index in UInt8(0)..<4 {
            let isOne = bits >> (3 - index) & 1 == 1
            switch isOne ? tree.children[node].1 : tree.children[node].0 {
            case .node(let next): node = next
            case .symbol(let symbol) where symbol < self.endOfString:
                step.symbol = UInt8(symbol)
                step.flags |= self.emits
                node = 0
            case .symbol, .none:
                step.flags = self.fails
                return step
            }
        }
        step.next = UInt16(node)
        return step
    }

    /// Appends the decoded string to `output`. Returns false if the string is malformed (RFC 7541 section 5.2).
    func decode(_ string: UnsafeRawBufferPointer, into output: inout [UInt8]) -> Bool {
        var node = 0
        return self.steps.withUnsafeBufferPointer { steps in
            for byte in string {
                let high = steps[node &<< 4 | Int(byte >> 4)]
                if high.flags & Self.emits != 0 { output.append(high.symbol) }
                let low = steps[Int(high.next) &<< 4 | Int(byte & 15)]
                if low.flags & Self.emits != 0 { output.append(low.symbol) }
                if (high.flags | low.flags) & Self.fails != 0 { return false }
                node = Int(low.next)
            }
            return self.mayEnd[node]
        }
    }

    private struct Tree {
        enum Child {
            case none
            case node(Int)
            case symbol(UInt16)
        }

        var children: [(Child, Child)] = [(.none, .none)]

        mutating func add(_ symbol: UInt16, code: UInt32, length: UInt8) {
            var node = 0
            for bit in (1..<UInt32(length)).reversed() {
                let isOne = code >> bit & 1 == 1
                if case .node(let next) = isOne ? self.children[node].1 : self.children[node].0 {
                    node = next
                    continue
                }
                self.children.append((.none, .none))
                let next = self.children.count - 1
                if isOne { self.children[node].1 = .node(next) } else { self.children[node].0 = .node(next) }
                node = next
            }
            if code & 1 == 1 {
                self.children[node].1 = .symbol(symbol)
            } else {
                self.children[node].0 = .symbol(symbol)
            }
        }
    }
}
