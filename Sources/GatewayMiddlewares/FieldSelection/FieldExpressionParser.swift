import GatewayCore

/// Reads an expression.
///
///     list = item *( "," item )
///     item = name *( "." name ) [ "(" list ")" ]
///
/// A backslash makes the next character part of a name. Spaces around names do not count.
struct FieldExpressionParser {
    /// The longest expression, in bytes.
    static let maxLength = 4096

    struct Mistake: Error, Equatable {
        enum Reason: Equatable {
            case tooLong, tooManyNames, tooDeep
            case noName, unopened, unclosed, afterGroup, endsWithBackslash
        }

        let reason: Reason
        /// In characters, from 1. One more than the length if something is missing at the end.
        let position: Int
    }

    private let text: ContiguousArray<UInt8>
    private var index = 0
    /// The nodes before the parentheses that are open.
    private var groups: [Int] = []
    private var name: ContiguousArray<UInt8> = []

    /// Adds what an expression asks for. Nothing but spaces asks for nothing.
    ///
    /// - Parameter text: The expression, decoded.
    static func read(_ text: ContiguousArray<UInt8>, into draft: inout FieldExpressionDraft) throws(Mistake) {
        var parser = FieldExpressionParser(text: text)
        guard text.count <= Self.maxLength else { throw parser.mistake(.tooLong, at: Self.maxLength) }
        parser.skipSpaces()
        guard parser.index < text.count else { return }
        try parser.read(into: &draft)
    }

    private init(text: ContiguousArray<UInt8>) { self.text = text }

    private mutating func read(into draft: inout FieldExpressionDraft) throws(Mistake) {
        var node = FieldExpression.root
        while true {
            node = try self.readName(below: node, into: &draft)
            switch self.index < self.text.count ? self.text[self.index] : nil {
            case UInt8(ascii: "."):
                self.index += 1
                continue
            case UInt8(ascii: "("):
                self.index += 1
                self.groups.append(node)
                continue
            default: draft.takeWhole(node)
            }
            guard try self.readEnds() else { return }
            node = self.groups.last ?? FieldExpression.root
        }
    }

    private mutating func readName(below node: Int, into draft: inout FieldExpressionDraft) throws(Mistake) -> Int {
        self.skipSpaces()
        let start = self.index
        self.name.removeAll(keepingCapacity: true)
        /// The length up to the last byte that is not a space.
        var length = 0
        reading: while self.index < self.text.count {
            var byte = self.text[self.index]
            switch byte {
            case UInt8(ascii: ","), UInt8(ascii: "."), UInt8(ascii: "("), UInt8(ascii: ")"): break reading
            case UInt8(ascii: "\\"):
                self.index += 1
                guard self.index < self.text.count else { throw self.mistake(.endsWithBackslash, at: self.index - 1) }
                byte = self.text[self.index]
                self.name.append(byte)
                length = self.name.count
            default:
                self.name.append(byte)
                if byte != 0x20 { length = self.name.count }
            }
            self.index += 1
        }
        guard length > 0 else { throw self.mistake(.noName, at: self.index) }
        switch draft.child(of: node, named: self.name[..<length]) {
        case .node(let child): return child
        case .tooMany: throw self.mistake(.tooManyNames, at: start)
        case .tooDeep: throw self.mistake(.tooDeep, at: start)
        }
    }

    /// Reads what may follow a whole item: closing parentheses, then a comma or the end.
    ///
    /// - Returns: Whether another item follows.
    private mutating func readEnds() throws(Mistake) -> Bool {
        while self.index < self.text.count {
            switch self.text[self.index] {
            case UInt8(ascii: ","):
                self.index += 1
                return true
            case UInt8(ascii: ")"):
                guard self.groups.popLast() != nil else { throw self.mistake(.unopened, at: self.index) }
                self.index += 1
                self.skipSpaces()
            default: throw self.mistake(.afterGroup, at: self.index)
            }
        }
        guard self.groups.isEmpty else { throw self.mistake(.unclosed, at: self.index) }
        return false
    }

    private mutating func skipSpaces() {
        while self.index < self.text.count, self.text[self.index] == 0x20 { self.index += 1 }
    }

    private func mistake(_ reason: Mistake.Reason, at index: Int) -> Mistake {
        // Continuation bytes of UTF-8 are part of the character before them.
        let before = self.text[..<index].count { $0 & 0xC0 != 0x80 }
        return Mistake(reason: reason, position: before + 1)
    }
}

extension FieldExpressionParser.Mistake.Reason {
    /// What is wrong, as the end of a sentence.
    var text: String {
        switch self {
        case .tooLong: "the expression has more than \(Plural.of(FieldExpressionParser.maxLength, "byte"))"
        case .tooManyNames: "the expression has more than \(FieldExpressionDraft.maxNames) names"
        case .tooDeep: "names are nested more than \(FieldExpressionDraft.maxDepth) levels deep"
        case .noName: "expected a name"
        case .unopened: "\")\" without \"(\""
        case .unclosed: "expected \")\""
        case .afterGroup: "expected \",\" or the end after \")\""
        case .endsWithBackslash: "expected a character after \"\\\""
        }
    }
}
