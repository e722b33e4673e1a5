/// The name of a tag or attribute in lower case. Only names of up to 16 bytes matter.
struct HTMLName: Hashable, Sendable {
    private var low: UInt64 = 0
    private var high: UInt64 = 0
    private(set) var count = 0

    init() {}

    init(_ name: StaticString) {
        for index in 0..<name.utf8CodeUnitCount { self.append(name.utf8Start[index]) }
    }

    mutating func append(_ byte: UInt8) {
        let small = UInt64(byte.isASCIILetter ? byte | 0x20 : byte)
        if self.count < 8 {
            self.low |= small << UInt64(self.count * 8)
        } else if self.count < 16 {
            self.high |= small << UInt64((self.count - 8) * 8)
        }
        self.count &+= 1
    }

    /// The byte at an index below 16.
    subscript(index: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: index < 8 ? self.low >> UInt64(index * 8) : self.high >> UInt64((index - 8) * 8))
    }
}

/// What a tag means for the text that follows it.
enum HTMLElement: Sendable {
    case script, style
    /// May load a script or style.
    case link
    /// Its text has no tags in browsers that run scripts, and is markup in others.
    case noscript
    /// Other elements whose text has no tag except their end tag.
    case text
    case plaintext
    /// SVG and MathML.
    case foreign
    case other

    private static let known: [HTMLName: HTMLElement] = [
        HTMLName("script"): .script, HTMLName("style"): .style, HTMLName("textarea"): .text,
        HTMLName("title"): .text, HTMLName("noscript"): .noscript, HTMLName("iframe"): .text,
        HTMLName("noembed"): .text, HTMLName("link"): .link,
        HTMLName("noframes"): .text, HTMLName("xmp"): .text, HTMLName("plaintext"): .plaintext,
        HTMLName("svg"): .foreign, HTMLName("math"): .foreign,
    ]

    init(_ name: HTMLName) { self = Self.known[name] ?? .other }
}

/// A tag being read.
struct HTMLTag {
    let isEnd: Bool
    package var name = HTMLName()
    private(set) var element = HTMLElement.other
    /// The name of the attribute being read.
    var attribute = HTMLName()
    /// It gets a nonce unless it has one.
    var isWanted = false
    private(set) var hasNonce = false
    /// The value of `rel` is being read. The first `rel` counts.
    private var isInRel = false
    private var hasRel = false
    private var relation = HTMLName()

    private static let nonce = HTMLName("nonce")
    private static let rel = HTMLName("rel")
    /// Whether a policy requires a nonce.
    private static let relations: Set<HTMLName> = [
        HTMLName("stylesheet"), HTMLName("preload"), HTMLName("modulepreload"),
    ]

    init(isEnd: Bool = false) { self.isEnd = isEnd }

    /// - Parameter isInNoscript: scripts never run there.
    /// - Returns: whether the tag may get a nonce, which a link's attributes decide.
    mutating func endName(isInNoscript: Bool) -> Bool {
        self.element = HTMLElement(self.name)
        guard !self.isEnd else { return false }
        self.isWanted = self.element == .style || self.element == .script && !isInNoscript
        return self.isWanted || self.element == .link
    }

    mutating func endAttributeName() {
        if self.attribute == Self.nonce { self.hasNonce = true }
        self.isInRel = self.element == .link && self.attribute == Self.rel && !self.hasRel
        if self.attribute == Self.rel { self.hasRel = true }
        self.relation = HTMLName()
    }

    /// A byte of an attribute's value.
    mutating func readValue(_ byte: UInt8) {
        guard self.isInRel else { return }
        if byte.isHTMLSpace { self.endRelation() } else { self.relation.append(byte) }
    }

    mutating func endValue() {
        guard self.isInRel else { return }
        self.endRelation()
        self.isInRel = false
    }

    private mutating func endRelation() {
        if Self.relations.contains(self.relation) { self.isWanted = true }
        self.relation = HTMLName()
    }
}

/// Finds the end tag of an element in its text, such as `</style` followed by a space, "/" or ">".
struct HTMLTagMatcher {
    private let opening: StaticString
    private let name: HTMLName
    private var matched = 0

    init(_ opening: StaticString, _ name: HTMLName) {
        self.opening = opening
        self.name = name
    }

    /// - Returns: true at the byte after the name.
    mutating func read(_ byte: UInt8) -> Bool {
        let start = self.opening.utf8CodeUnitCount
        if self.matched == start + self.name.count {
            self.matched = byte == UInt8(ascii: "<") ? 1 : 0
            return byte.isHTMLSpace || byte == UInt8(ascii: "/") || byte == UInt8(ascii: ">")
        }
        let isExpected =
            self.matched < start
            ? byte == self.opening.utf8Start[self.matched]
            : (byte.isASCIILetter ? byte | 0x20 : byte) == self.name[self.matched - start]
        if isExpected { self.matched += 1 } else { self.matched = byte == UInt8(ascii: "<") ? 1 : 0 }
        return false
    }
}

/// Finds the end of a script's text. Between `<!--` and `-->`, a `<script` makes the next `</script` part of the text
/// (HTML standard, "script data double escaped state").
struct HTMLScriptEscape {
    private enum Level { case none, escaped, doubleEscaped }

    private var level = Level.none
    private var startTag = HTMLTagMatcher("<", HTMLName("script"))
    /// How much of `<!--` was read, outside of it.
    private var matched = 0
    private var dashes = 0

    private static let start: StaticString = "<!--"

    /// - Parameter isEndTag: the byte follows `</script`.
    /// - Returns: whether the script ends here.
    mutating func read(_ byte: UInt8, isEndTag: Bool) -> Bool {
        switch self.level {
        case .none:
            if isEndTag { return true }
            if byte == Self.start.utf8Start[self.matched] {
                self.matched += 1
            } else {
                self.matched = byte == UInt8(ascii: "<") ? 1 : 0
            }
            if self.matched == Self.start.utf8CodeUnitCount {
                self.matched = 0
                self.dashes = 2
                self.startTag = HTMLTagMatcher("<", HTMLName("script"))
                self.level = .escaped
            }
            return false
        case .escaped:
            if isEndTag { return true }
            if self.startTag.read(byte) { self.level = .doubleEscaped }
        case .doubleEscaped:
            if isEndTag { self.level = .escaped }
        }
        if byte == UInt8(ascii: ">"), self.dashes >= 2 { self.level = .none }
        self.dashes = byte == UInt8(ascii: "-") ? self.dashes + 1 : 0
        return false
    }
}

extension UInt8 {
    package var isASCIILetter: Bool { (self | 0x20) &- UInt8(ascii: "a") < 26 }

    /// Tab, line feed, form feed, carriage return and space.
    var isHTMLSpace: Bool { self == 0x20 || self == 0x09 || self == 0x0A || self == 0x0C || self == 0x0D }
}
