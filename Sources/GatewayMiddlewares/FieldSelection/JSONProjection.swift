import NIOCore

/// Copies from a JSON text what an expression asks for, byte for byte, in one pass that also checks the whole text.
///
/// A member that is dropped takes along the white space before its name and after its value, and the comma before it, or
/// after it if no member before it is kept. So an indented text stays indented, and a text of which nothing is dropped
/// stays as it is.
struct JSONProjection {
    enum OnText: Equatable {
        case projected(ByteBuffer)
        /// The text is not JSON.
        case malformed
    }

    static func project(_ text: ByteBuffer, _ expression: FieldExpression) -> OnText {
        var output = ByteBuffer()
        let isWellFormed = text.withUnsafeReadableBytes { (bytes) -> Bool in
            guard let text = JSONGrammar(bytes) else { return false }
            return expression.withView { view in
                var isWellFormed = false
                output.writeWithUnsafeMutableBytes(minimumWritableBytes: text.count) { output in
                    var projection = JSONProjection(text: text, expression: view, output: output)
                    isWellFormed = projection.run()
                    return projection.written
                }
                return isWellFormed
            }
        }
        guard isWellFormed else { return .malformed }
        // A small selection must not keep the memory for a large text, least of all in the cache.
        let isSmall = output.readableBytes < output.capacity / 2
        return .projected(isSmall ? ByteBuffer(bytes: output.readableBytesView) : output)
    }

    private let text: JSONGrammar
    private let expression: FieldExpression.View
    /// Has room for the whole text.
    private let output: UnsafeMutableRawBufferPointer
    private var written = 0

    /// The arrays and objects from which is selected.
    private var containers = JSONContainerStack()
    /// The node of the value that is read, or of the array or object around it.
    private var node = FieldExpression.root
    /// Whether the innermost object has a member that is kept.
    private var keepsMember = false
    /// The start of what was not copied yet; nil after a member that is dropped.
    private var copyStart: Int? = 0
    /// The scratch space for names with escapes.
    private var name: ContiguousArray<UInt8> = []

    private init(text: JSONGrammar, expression: FieldExpression.View, output: UnsafeMutableRawBufferPointer) {
        self.text = text
        self.expression = expression
        self.output = output
    }

    /// What comes next, at a position.
    private enum State {
        /// A value from which is selected. Next: a member, another value, or the end of this one.
        case value(at: Int)
        /// A member, right after the brace or comma before it. Next: its value, another member, or the end of the object.
        case member(at: Int)
        /// What follows a value from which was selected. Next: a member, another value, or the end of what is around it.
        case end(at: Int)
        case malformed
    }

    /// Returns whether the text is well formed.
    private mutating func run() -> Bool {
        var state = State.value(at: self.text.endOfWhiteSpace(at: 0))
        while true {
            switch state {
            case .value(let position): state = self.readValue(at: position)
            case .member(let position): state = self.readMember(at: position)
            case .end(let position) where self.containers.depth == 0:
                let end = self.text.endOfWhiteSpace(at: position)
                self.copy(upTo: end)
                return end == self.text.count
            case .end(let position): state = self.endValue(at: position)
            case .malformed: return false
            }
        }
    }

    private mutating func readValue(at start: Int) -> State {
        switch self.text.byte(at: start) {
        case UInt8(ascii: "{"):
            self.containers.push(isObject: true)
            self.keepsMember = false
            let name = self.text.endOfWhiteSpace(at: start &+ 1)
            return self.text.byte(at: name) == UInt8(ascii: "}") ? self.close(at: name) : .member(at: start &+ 1)
        case UInt8(ascii: "["):
            self.containers.push(isObject: false)
            let element = self.text.endOfWhiteSpace(at: start &+ 1)
            return self.text.byte(at: element) == UInt8(ascii: "]") ? self.close(at: element) : .value(at: element)
        default: return self.text.endOfScalar(at: start).map { .end(at: $0) } ?? .malformed
        }
    }

    private mutating func endValue(at start: Int) -> State {
        let isInObject = self.containers.isInObject
        if isInObject {
            self.node = self.expression.nodes[self.node].parent
            self.keepsMember = true
        }
        let end = self.text.endOfWhiteSpace(at: start)
        switch self.text.byte(at: end) {
        case UInt8(ascii: ",") where isInObject: return .member(at: end &+ 1)
        case UInt8(ascii: ","): return .value(at: self.text.endOfWhiteSpace(at: end &+ 1))
        case UInt8(ascii: "}") where isInObject, UInt8(ascii: "]") where !isInObject: return self.close(at: end)
        default: return .malformed
        }
    }

    private mutating func close(at bracket: Int) -> State {
        self.containers.pop()
        return .end(at: bracket &+ 1)
    }

    private mutating func readMember(at start: Int) -> State {
        let name = self.text.endOfWhiteSpace(at: start)
        guard self.text.byte(at: name) == UInt8(ascii: "\""), let nameEnd = self.text.endOfString(at: name),
            let value = self.text.endOfColon(at: nameEnd)
        else { return .malformed }
        if let child = self.child(named: (name &+ 1)..<(nameEnd &- 1)) {
            // A member before this one was dropped, so there is a comma, which is kept between two members.
            if self.copyStart == nil { self.copyStart = self.keepsMember ? start &- 1 : start }
            guard self.expression.nodes[child].isWhole else {
                self.node = child
                return .value(at: value)
            }
            self.keepsMember = true
        } else {
            self.copy(upTo: self.text.byte(at: start &- 1) == UInt8(ascii: ",") ? start &- 1 : start)
            self.copyStart = nil
        }
        guard let valueEnd = self.text.endOfValue(at: value) else { return .malformed }
        let end = self.text.endOfWhiteSpace(at: valueEnd)
        switch self.text.byte(at: end) {
        case UInt8(ascii: ","): return .member(at: end &+ 1)
        case UInt8(ascii: "}"):
            if self.copyStart == nil { self.copyStart = valueEnd }
            return self.close(at: end)
        default: return .malformed
        }
    }

    private mutating func child(named range: Range<Int>) -> Int? {
        let raw = self.text.slice(range)
        // No escape takes more than six bytes for one.
        guard raw.count <= self.expression.longestName &* 6 else { return nil }
        guard Self.hasEscape(raw) else { return self.expression.child(of: self.node, named: raw) }
        guard JSONEscapes.decode(raw, into: &self.name) else { return nil }
        return self.name.withUnsafeBytes { self.expression.child(of: self.node, named: $0) }
    }

    private static func hasEscape(_ name: UnsafeRawBufferPointer) -> Bool {
        for index in 0..<name.count where name[index] == UInt8(ascii: "\\") { return true }
        return false
    }

    private mutating func copy(upTo end: Int) {
        guard let start = self.copyStart, start < end else { return }
        let kept = self.text.slice(start..<end)
        UnsafeMutableRawBufferPointer(rebasing: self.output[self.written...]).copyMemory(from: kept)
        self.written &+= kept.count
    }
}
