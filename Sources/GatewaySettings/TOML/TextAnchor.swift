/// Where a part of a string is in the file. It ends where the next one begins: after an escape or a line end.
struct TextAnchor: Sendable {
    /// Of its first byte in the UTF-8 of the string.
    let offset: Int
    let position: SourcePosition
}

extension SettingNode {
    /// Returns where a byte of the string is in the file. For text with environment variables, where the string is.
    ///
    /// - Parameter offset: In the UTF-8 of the string.
    package func position(inText offset: Int) -> SourcePosition? {
        guard case .scalar(.string(let text)) = self.content, var position = self.source.position,
            !self.hasVariables, offset <= text.utf8.count
        else { return self.source.position }
        var start = 0
        position.column += 1
        if let anchor = self.anchors.last(where: { $0.offset <= offset }) {
            (start, position) = (anchor.offset, anchor.position)
        }
        // Columns count code points.
        position.column += text.utf8.dropFirst(start).prefix(offset - start).count { $0 & 0xC0 != 0x80 }
        return position
    }
}
