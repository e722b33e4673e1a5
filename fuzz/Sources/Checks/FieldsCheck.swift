import NIOCore

@testable import GatewayMiddlewares

/// Selections from JSON. The first line is the expression, the rest the text.
enum FieldsCheck {
    static func check(_ input: [UInt8]) throws(BrokenProperty) {
        let lineEnd = input.firstIndex(of: UInt8(ascii: "\n")) ?? input.endIndex
        let text = ByteBuffer(bytes: input[lineEnd...].dropFirst())
        guard let expression = try self.expression(ContiguousArray(input[..<lineEnd])) else { return }
        let everything = try self.expression(ContiguousArray("missing".utf8))
        guard case .projected(let selected) = JSONProjection.project(text, expression) else {
            try hold(
                everything.map { JSONProjection.project(text, $0) } == .malformed,
                "whether a text is well formed depends on the expression"
            )
            return
        }
        try hold(
            JSONProjection.project(selected, expression) == .projected(selected),
            "a selection is not the selection of itself"
        )
        // Nothing is added or moved.
        var rest = text.readableBytesView[...]
        for byte in selected.readableBytesView {
            guard let place = rest.firstIndex(of: byte) else {
                throw BrokenProperty(description: "the selection is not a part of the text")
            }
            rest = rest[(place + 1)...]
        }
    }

    /// nil for one that is malformed or asks for everything.
    private static func expression(_ text: ContiguousArray<UInt8>) throws(BrokenProperty) -> FieldExpression? {
        var draft = FieldExpressionDraft()
        do throws(FieldExpressionParser.Mistake) {
            try FieldExpressionParser.read(text, into: &draft)
        } catch {
            try hold(1...(text.count + 1) ~= error.position, "a mistake at \(error.position) of \(text.count)")
            return nil
        }
        return draft.isEmpty ? nil : FieldExpression(draft)
    }
}
