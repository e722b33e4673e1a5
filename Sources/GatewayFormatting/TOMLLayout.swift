/// A TOML document as its author wrote it: lines, comments and the spelling of keys and values, without white space.
struct TOMLLayout {
    /// A line of the document, or several if its value spans them.
    enum Line {
        case blank
        case comment(String)
        /// A table header with its brackets.
        case header(String, TOMLComment?)
        case pair(TOMLPair, TOMLComment?)
    }

    var lines: [Line] = []
    /// Whether lines end with CRLF, as the first one does.
    var endsWithCRLF = false
}

/// A comment after something else on its line.
struct TOMLComment {
    /// With `#`, without white space after it.
    let text: String
    /// Where it begins, in code points after the indentation of its line.
    let column: Int
}

struct TOMLPair {
    /// With dots and quotes.
    let key: String
    let value: TOMLValue
}

struct TOMLValue {
    indirect enum Form {
        /// A string, number, boolean or date.
        case scalar(String)
        case array(TOMLArray)
        case inlineTable([TOMLPair])
    }

    let form: Form
    /// The width in code points if the value is written on one line; nil if it must be broken.
    let width: Int?

    /// - Parameter text: As written.
    init(scalar text: String) {
        self.form = .scalar(text)
        self.width = text.utf8.contains(UInt8(ascii: "\n")) ? nil : text.unicodeScalars.count
    }

    init(_ array: TOMLArray) {
        self.form = .array(array)
        var width: Int? = array.isBroken ? nil : 2
        for (index, item) in array.items.enumerated() {
            guard let sum = width, case .element(let value, nil) = item, let own = value.width else {
                width = nil
                break
            }
            width = sum + own + (index > 0 ? 2 : 0)
        }
        self.width = width
    }

    init(_ pairs: [TOMLPair]) {
        self.form = .inlineTable(pairs)
        var width: Int? = pairs.isEmpty ? 2 : 4
        for (index, pair) in pairs.enumerated() {
            guard let sum = width, let own = pair.value.width else {
                width = nil
                break
            }
            width = sum + pair.key.unicodeScalars.count + 3 + own + (index > 0 ? 2 : 0)
        }
        self.width = width
    }
}

struct TOMLArray {
    enum Item {
        case blank
        case comment(String)
        case element(TOMLValue, TOMLComment?)
    }

    var items: [Item] = []
    /// After the opening bracket, on the same line.
    var openingComment: TOMLComment?
    /// Whether the author broke the line after the opening bracket.
    var hasLineBreak = false

    var isBroken: Bool { self.openingComment != nil || self.hasLineBreak && !self.items.isEmpty }
}
