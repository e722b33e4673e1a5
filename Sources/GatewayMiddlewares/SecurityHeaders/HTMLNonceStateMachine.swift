import GatewayHTTP
import NIOCore

/// Adds `nonce="…"` to the start tags of `script`, `style`, and `link` with `rel` `stylesheet`, `preload` or
/// `modulepreload`, in HTML that arrives in pieces. Passes everything else unchanged.
///
/// Follows the tokenizer of the HTML standard (section 13.2.5) as far as needed to find tags: comments, attribute
/// values and the text of `script`, `style`, `textarea` and similar elements contain none. A tag that has a nonce keeps
/// it. Styles and links in `noscript` get one for browsers without scripts, but `noscript` ends where browsers with
/// scripts end it. At worst, a script in a malformed page gets no nonce and does not run.
///
/// Between two pieces it holds the attributes of one tag, up to ``maxHeld`` bytes; a longer tag passes unchanged.
struct HTMLNonceStateMachine {
    static let maxHeld = 8 * 1024

    /// States have the names of the standard where it has one.
    enum State {
        /// → tagOpen
        case data
        /// After `<`. → tagName, endTagOpen, markupDeclaration, bogusComment, data
        case tagOpen
        /// After `</`. → tagName, bogusComment, data
        case endTagOpen
        /// → beforeAttributeName, selfClosing, data, raw, script, plaintext
        case tagName
        case beforeAttributeName
        case attributeName
        case afterAttributeName
        case beforeAttributeValue
        case doubleQuoted, singleQuoted, unquoted
        case afterQuoted
        /// After a `/` inside a tag.
        case selfClosing
        /// After `<!`. → commentOpen, cdataOpen, bogusComment
        case markupDeclaration
        /// After `<!-`. → comment, bogusComment
        case commentOpen
        /// After `<![`. → cdata, bogusComment
        case cdataOpen
        /// → data
        case comment
        /// Until the next `>`. → data
        case bogusComment
        /// In SVG and MathML. → data
        case cdata
        /// The text of an element that only its end tag ends.
        case raw
        /// The text of a script, which may be wrapped in `<!--` and `-->`.
        case script
        /// Until the end of the document.
        case plaintext
    }

    private let attribute: [UInt8]
    private var state = State.data
    private var tag = HTMLTag()
    /// The element whose text is read in ``State/raw`` and ``State/script``.
    private var endTag = HTMLTagMatcher("</", HTMLName())
    private var escape = HTMLScriptEscape()
    private var commentEnd = HTMLCommentEnd()
    /// How much of `[CDATA[` or `]]` was read.
    private var matched = 0
    /// The number of open SVG and MathML elements.
    private var foreignDepth = 0
    /// Where the text of `noscript` ends, and how many elements were open before it; nil outside.
    private var noscript: (end: HTMLTagMatcher, foreignDepth: Int)?
    /// Attributes of a tag that may get a nonce, from earlier pieces.
    private var held = ByteBuffer()
    private var isHolding = false

    init(_ nonce: Nonce) {
        var attribute = ByteBuffer()
        attribute.writeStaticString(" nonce=\"")
        attribute.writeBytes(nonce.bytes)
        attribute.writeStaticString("\"")
        self.attribute = Array(attribute.readableBytesView)
    }

    /// The next piece.
    package mutating func write(_ bytes: UnsafeRawBufferPointer, to output: inout ByteBuffer) {
        /// Everything before this position has been written or held.
        var done = 0
        var index = 0
        /// The last position checked for the end of `noscript`, because some bytes are read twice.
        var seen = -1
        while index < bytes.count {
            if self.state == .data {
                index = Self.nextTag(in: bytes, from: index)
                guard index < bytes.count else { break }
            }
            let wasHolding = self.isHolding
            let byte = bytes[index]
            if index != seen {
                seen = index
                if self.noscript?.end.read(byte) == true { self.leaveNoscript() }
            }
            let isConsumed = self.read(byte)
            if self.isHolding, !wasHolding {
                // The byte after the name belongs to what is held.
                output.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[done..<index]))
                done = index
            } else if wasHolding, !self.isHolding {
                self.release(to: &output)
            }
            if isConsumed { index += 1 }
            if self.isHolding, self.held.readableBytes + (index - done) > Self.maxHeld {
                self.tag.isWanted = false
                self.isHolding = false
                self.release(to: &output)
            }
        }
        if self.isHolding {
            self.held.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[done...]))
        } else {
            output.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[done...]))
        }
    }

    /// Browsers that run scripts end the text here, regardless of the markup in it.
    private mutating func leaveNoscript() {
        self.foreignDepth = self.noscript?.foreignDepth ?? 0
        self.noscript = nil
        self.isHolding = false
        _ = self.leaveText()
    }

    /// The end of the document.
    mutating func end(to output: inout ByteBuffer) {
        self.tag.isWanted = false
        self.isHolding = false
        self.release(to: &output)
    }

    private mutating func release(to output: inout ByteBuffer) {
        if self.tag.isWanted, !self.tag.hasNonce { output.writeBytes(self.attribute) }
        output.writeBuffer(&self.held)
        self.held.clear()
    }

    private static func nextTag(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        UnsafeRawBufferPointer(rebasing: bytes[start...]).firstIndex(of: UInt8(ascii: "<")).map { start + $0 }
            ?? bytes.count
    }
}

// MARK: The tokenizer

extension HTMLNonceStateMachine {
    /// - Returns: false if the byte must be read again in the new state.
    private mutating func read(_ byte: UInt8) -> Bool {
        switch self.state {
        case .data:
            if byte == UInt8(ascii: "<") { self.state = .tagOpen }
        case .tagOpen: return self.readTagOpen(byte)
        case .endTagOpen:
            if byte.isASCIILetter {
                self.beginTag(isEnd: true)
                return false
            }
            self.state = byte == UInt8(ascii: ">") ? .data : .bogusComment
        case .tagName:
            if byte.isHTMLSpace || byte == UInt8(ascii: "/") || byte == UInt8(ascii: ">") {
                self.isHolding = self.tag.endName(isInNoscript: self.noscript != nil)
                self.state = .beforeAttributeName
                return false
            }
            self.tag.name.append(byte)
        case .beforeAttributeName, .attributeName, .afterAttributeName, .beforeAttributeValue, .doubleQuoted,
            .singleQuoted, .unquoted, .afterQuoted, .selfClosing:
            return self.readAttributes(byte)
        case .markupDeclaration: return self.readMarkupDeclaration(byte)
        case .commentOpen:
            guard byte == UInt8(ascii: "-") else {
                self.state = .bogusComment
                return false
            }
            self.commentEnd = HTMLCommentEnd()
            self.state = .comment
        case .cdataOpen: return self.readCDATAOpen(byte)
        case .comment: if self.commentEnd.read(byte) { self.state = .data }
        case .bogusComment: if byte == UInt8(ascii: ">") { self.state = .data }
        case .cdata:
            if byte == UInt8(ascii: ">"), self.matched >= 2 { self.state = .data }
            self.matched = byte == UInt8(ascii: "]") ? self.matched + 1 : 0
        case .raw: if self.endTag.read(byte) { return self.leaveText() }
        case .script:
            let isEndTag = self.endTag.read(byte)
            if self.escape.read(byte, isEndTag: isEndTag) { return self.leaveText() }
        case .plaintext: break
        }
        return true
    }

    private mutating func readTagOpen(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "!"): self.state = .markupDeclaration
        case UInt8(ascii: "/"): self.state = .endTagOpen
        case UInt8(ascii: "?"): self.state = .bogusComment
        case _ where byte.isASCIILetter:
            self.beginTag(isEnd: false)
            return false
        default:
            self.state = .data
            return false
        }
        return true
    }

    private mutating func beginTag(isEnd: Bool) {
        self.tag = HTMLTag(isEnd: isEnd)
        self.state = .tagName
    }

    /// The end tag of the text's element has begun; attributes may follow.
    private mutating func leaveText() -> Bool {
        self.tag = HTMLTag(isEnd: true)
        self.state = .beforeAttributeName
        return false
    }

    private mutating func readAttributes(_ byte: UInt8) -> Bool {
        let isEnd = byte == UInt8(ascii: ">")
        switch self.state {
        case .doubleQuoted: self.readQuoted(byte, until: UInt8(ascii: "\""))
        case .singleQuoted: self.readQuoted(byte, until: UInt8(ascii: "'"))
        case .unquoted:
            if byte.isHTMLSpace || isEnd {
                self.tag.endValue()
                if isEnd { self.endTagRead() } else { self.state = .beforeAttributeName }
            } else {
                self.tag.readValue(byte)
            }
        case .beforeAttributeValue:
            switch byte {
            case _ where byte.isHTMLSpace: break
            case UInt8(ascii: "\""): self.state = .doubleQuoted
            case UInt8(ascii: "'"): self.state = .singleQuoted
            default:
                if isEnd {
                    self.endTagRead()
                } else {
                    self.tag.readValue(byte)
                    self.state = .unquoted
                }
            }
        case .attributeName:
            switch byte {
            case UInt8(ascii: "="):
                self.tag.endAttributeName()
                self.state = .beforeAttributeValue
            case _ where byte.isHTMLSpace || byte == UInt8(ascii: "/") || isEnd:
                self.tag.endAttributeName()
                self.state = .afterAttributeName
                return false
            default: self.tag.attribute.append(byte)
            }
        default:
            // Before or after an attribute, or after a "/".
            if isEnd {
                self.endTagRead(isSelfClosing: self.state == .selfClosing)
            } else if byte.isHTMLSpace {
                if self.state != .afterAttributeName { self.state = .beforeAttributeName }
            } else if byte == UInt8(ascii: "/") {
                self.state = .selfClosing
            } else if byte == UInt8(ascii: "="), self.state == .afterAttributeName {
                self.state = .beforeAttributeValue
            } else {
                self.tag.attribute = HTMLName()
                self.tag.attribute.append(byte)
                self.state = .attributeName
            }
        }
        return true
    }

    private mutating func readQuoted(_ byte: UInt8, until quote: UInt8) {
        if byte == quote {
            self.tag.endValue()
            self.state = .afterQuoted
        } else {
            self.tag.readValue(byte)
        }
    }

    /// The `>` of a tag.
    private mutating func endTagRead(isSelfClosing: Bool = false) {
        self.isHolding = false
        self.state = .data
        let element = self.tag.element
        if element == .foreign {
            if !self.tag.isEnd, !isSelfClosing { self.foreignDepth += 1 }
            if self.tag.isEnd, self.foreignDepth > 0 { self.foreignDepth -= 1 }
        }
        // Only in SVG and MathML a "/" ends an element.
        guard !self.tag.isEnd, !(isSelfClosing && self.foreignDepth > 0) else { return }
        self.endTag = HTMLTagMatcher("</", self.tag.name)
        switch element {
        case .script:
            self.escape = HTMLScriptEscape()
            self.state = .script
        case .style, .text: self.state = .raw
        case .plaintext: self.state = .plaintext
        case .noscript:
            if self.noscript == nil { self.noscript = (HTMLTagMatcher("</", self.tag.name), self.foreignDepth) }
        case .other, .foreign, .link: break
        }
    }

    private static let cdataStart: StaticString = "[CDATA["

    private mutating func readMarkupDeclaration(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "-"): self.state = .commentOpen
        case UInt8(ascii: "[") where self.foreignDepth > 0:
            self.matched = 1
            self.state = .cdataOpen
        default:
            self.state = .bogusComment
            return false
        }
        return true
    }

    private mutating func readCDATAOpen(_ byte: UInt8) -> Bool {
        guard byte == Self.cdataStart.utf8Start[self.matched] else {
            self.state = .bogusComment
            return false
        }
        self.matched += 1
        guard self.matched == Self.cdataStart.utf8CodeUnitCount else { return true }
        self.matched = 0
        self.state = .cdata
        return true
    }
}

/// Finds the end of a comment: `-->` or `--!>`, or directly in `<!-->` and `<!--->`.
struct HTMLCommentEnd {
    private var dashes = 2
    /// Only dashes so far, including the two of the start.
    private var isAtStart = true
    private var isBehindBang = false

    /// - Returns: true at the last byte.
    mutating func read(_ byte: UInt8) -> Bool {
        if byte == UInt8(ascii: "-") {
            self.dashes += 1
            self.isBehindBang = false
            return false
        }
        if byte == UInt8(ascii: ">"), self.dashes >= 2 || self.isBehindBang { return true }
        self.isBehindBang = byte == UInt8(ascii: "!") && self.dashes >= (self.isAtStart ? 4 : 2)
        self.dashes = 0
        self.isAtStart = false
        return false
    }
}
