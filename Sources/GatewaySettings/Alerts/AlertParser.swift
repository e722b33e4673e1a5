/// Reads the condition of an alert.
///
/// ```
/// condition  = conjunction { "or" conjunction }
/// conjunction = negation { "and" negation }
/// negation   = "not" negation | comparison
/// comparison = sum [ ( ">" | ">=" | "<" | "<=" | "==" | "!=" ) sum ]
/// sum        = product { ( "+" | "-" ) product }
/// product    = factor { ( "*" | "/" ) factor }
/// factor     = "-" factor | number | series | join "(" sum ")" | "(" condition ")"
/// series     = name [ "{" matcher { "," matcher } "}" ]
/// matcher    = label ( "=" | "!=" | "=~" ) string
/// join       = "sum" | "avg" | "min" | "max"
/// ```
package struct AlertParser {
    /// The maximum length of a condition in UTF-8.
    package static let maximumLength = 2000
    /// Limits the stack that parsing and evaluation take.
    static let maximumDepth = 40
    package static let maximumOperations = 100

    let metrics: AlertMetrics
    private var lexer: AlertLexer
    private var token: AlertLexer.Token
    private var depth = 0
    private var operations = 0

    /// A part of the condition, with where it begins.
    struct Operand {
        enum Meaning {
            case number(AlertNumber)
            case condition(AlertCondition)
        }

        let meaning: Meaning
        let start: Int

        init(meaning: Meaning, start: Int) { (self.meaning, self.start) = (meaning, start) }
        init(_ number: AlertNumber, at start: Int) { (self.meaning, self.start) = (.number(number), start) }
        init(_ condition: AlertCondition, at start: Int) { (self.meaning, self.start) = (.condition(condition), start) }
    }

    /// - Parameter metrics: The metrics that the condition may name.
    package static func condition(_ text: String, metrics: AlertMetrics) throws(AlertMistake) -> AlertCondition {
        guard text.utf8.count <= Self.maximumLength else {
            throw AlertMistake(
                "the condition is longer than 2,000 bytes",
                "split it into several alerts",
                at: 0
            )
        }
        var parser = try AlertParser(text, metrics)
        let operand = try parser.disjunction()
        if parser.token.kind != .end { throw parser.unexpected() }
        return try Self.condition(operand)
    }

    private init(_ text: String, _ metrics: AlertMetrics) throws(AlertMistake) {
        self.metrics = metrics
        var lexer = AlertLexer(text)
        self.token = try lexer.next()
        self.lexer = lexer
    }

    // MARK: Conditions

    private mutating func disjunction() throws(AlertMistake) -> Operand {
        var left = try self.conjunction()
        while self.token.kind == .word("or") || self.token.kind == .symbol("||") {
            try self.checkWord("or")
            try self.count()
            let right = try self.conjunction()
            left = Operand(.either(try Self.condition(left), try Self.condition(right)), at: left.start)
        }
        return left
    }

    private mutating func conjunction() throws(AlertMistake) -> Operand {
        var left = try self.negation()
        while self.token.kind == .word("and") || self.token.kind == .symbol("&&") {
            try self.checkWord("and")
            try self.count()
            let right = try self.negation()
            left = Operand(.both(try Self.condition(left), try Self.condition(right)), at: left.start)
        }
        return left
    }

    private mutating func negation() throws(AlertMistake) -> Operand {
        guard self.token.kind == .word("not") || self.token.kind == .symbol("!") else { return try self.comparison() }
        let start = self.token.start
        try self.checkWord("not")
        try self.count()
        return try self.nested { parser throws(AlertMistake) in
            Operand(.not(try Self.condition(try parser.negation())), at: start)
        }
    }

    private mutating func comparison() throws(AlertMistake) -> Operand {
        let left = try self.sum()
        guard case .symbol(let symbol) = self.token.kind else { return left }
        if symbol == "=" { throw self.mistake("\"=\" compares labels only", "write ==") }
        guard let comparison = AlertCondition.Comparison(rawValue: symbol) else { return left }
        try self.advance()
        try self.count()
        let right = try self.sum()
        return Operand(
            .comparison(try Self.number(left), comparison, try Self.number(right)),
            at: left.start
        )
    }

    /// Consumes an operator that has a word, and rejects its symbol of other languages.
    private mutating func checkWord(_ word: String) throws(AlertMistake) {
        if case .symbol(let symbol) = self.token.kind {
            throw self.mistake("\"\(symbol)\" is not an operator", "write \(word)")
        }
        try self.advance()
    }

    // MARK: Numbers

    private mutating func sum() throws(AlertMistake) -> Operand {
        var left = try self.product()
        while case .symbol(let symbol) = self.token.kind, symbol == "+" || symbol == "-",
            let operation = AlertNumber.Arithmetic(rawValue: symbol)
        {
            try self.advance()
            try self.count()
            left = try Self.arithmetic(left, operation, try self.product())
        }
        return left
    }

    private mutating func product() throws(AlertMistake) -> Operand {
        var left = try self.factor()
        while case .symbol(let symbol) = self.token.kind, symbol == "*" || symbol == "/",
            let operation = AlertNumber.Arithmetic(rawValue: symbol)
        {
            try self.advance()
            try self.count()
            left = try Self.arithmetic(left, operation, try self.factor())
        }
        return left
    }

    private static func arithmetic(_ left: Operand, _ operation: AlertNumber.Arithmetic, _ right: Operand)
        throws(AlertMistake) -> Operand
    {
        Operand(.arithmetic(try self.number(left), operation, try self.number(right)), at: left.start)
    }

    private mutating func factor() throws(AlertMistake) -> Operand {
        let start = self.token.start
        switch self.token.kind {
        case .number(let value):
            try self.advance()
            return Operand(.constant(value), at: start)
        case .symbol("-"):
            try self.advance()
            try self.count()
            return try self.nested { parser throws(AlertMistake) in
                Operand(.negated(try Self.number(try parser.factor())), at: start)
            }
        case .symbol("("):
            try self.advance()
            let inner = try self.nested { parser throws(AlertMistake) in try parser.disjunction() }
            try self.close("(", at: start)
            return Operand(meaning: inner.meaning, start: start)
        case .word(let word): return try self.named(word)
        default: throw self.unexpected()
        }
    }

    private mutating func named(_ word: String) throws(AlertMistake) -> Operand {
        let start = self.token.start
        if ["and", "or", "not"].contains(word) { throw self.unexpected() }
        if let join = AlertNumber.Join(rawValue: word) {
            try self.advance()
            guard self.token.kind == .symbol("(") else {
                throw self.mistake("\(word) has no parentheses", "write \(word)(error_rate), for example")
            }
            let open = self.token.start
            try self.advance()
            try self.count()
            let inner = try self.nested { parser throws(AlertMistake) in try parser.disjunction() }
            try self.close("(", at: open)
            return Operand(.joined(join, try Self.number(inner)), at: start)
        }
        let source = try self.source(word)
        try self.advance()
        return Operand(.series(AlertSeries(source, try self.matchers(of: source, word))), at: start)
    }

    private func source(_ name: String) throws(AlertMistake) -> AlertSeries.Source {
        if let measure = AlertMeasure(rawValue: name) { return .measure(measure) }
        switch self.metrics.meaning(of: name) {
        case .metric: return .metric(name)
        case .histogram:
            throw self.mistake(
                "\(name) is a histogram, which has no single value",
                "write \(name)_count, or p95 for requests"
            )
        case .unknown(let nearest):
            throw self.mistake(
                "there is no measure or metric \(JSONText.quoted(name))",
                nearest.map { "write \($0)" } ?? "use a measure such as error_rate, or a counter or gauge of /metrics"
            )
        }
    }

    // MARK: Labels

    private mutating func matchers(of source: AlertSeries.Source, _ name: String) throws(AlertMistake) -> [LabelMatcher]
    {
        guard self.token.kind == .symbol("{") else { return [] }
        let open = self.token.start
        try self.advance()
        var matchers: [LabelMatcher] = []
        while self.token.kind != .symbol("}") {
            try self.count()
            matchers.append(try self.matcher(of: source, name))
            guard self.token.kind == .symbol(",") else { break }
            try self.advance()
        }
        try self.close("{", at: open)
        return matchers
    }

    private mutating func matcher(of source: AlertSeries.Source, _ name: String) throws(AlertMistake) -> LabelMatcher {
        guard case .word(let label) = self.token.kind else {
            throw self.mistake("expected a label, but found \(self.found)", "write {\(self.example(source))}")
        }
        if let labels = self.metrics.labels(of: source), !labels.contains(label) {
            let nearest = NearestName.of(label, among: labels) ?? (labels.count == 1 ? labels.first : nil)
            throw self.mistake(
                "\(name) has no label \(JSONText.quoted(label))",
                labels.isEmpty
                    ? "write \(name) without labels"
                    : "write \(nearest ?? "one of \(labels.joined(separator: ", "))")"
            )
        }
        try self.advance()
        guard case .symbol(let symbol) = self.token.kind, ["=", "!=", "=~"].contains(symbol) else {
            let suggestion = self.token.kind == .symbol("==") ? "write =" : "write =, != or =~"
            throw self.mistake("expected =, != or =~ after the label, but found \(self.found)", suggestion)
        }
        try self.advance()
        guard case .string(let value) = self.token.kind else {
            var suggestion = "write it in single quotes"
            if case .word(let word) = self.token.kind { suggestion = "write '\(word)'" }
            throw self.mistake("expected a value in quotes, but found \(self.found)", suggestion)
        }
        let plain = value.replacing("\\\\", with: "\\")
        let test: LabelMatcher.Test
        switch symbol {
        case "=": test = .equal(plain)
        case "!=": test = .notEqual(plain)
        default:
            do throws(LabelPattern.Mistake) {
                test = .pattern(try LabelPattern(value))
            } catch {
                throw self.mistake(error.problem, error.suggestion)
            }
        }
        try self.advance()
        return LabelMatcher(label, test)
    }

    private func example(_ source: AlertSeries.Source) -> String {
        "\(self.metrics.labels(of: source)?.first ?? "route")='NAME'"
    }

    // MARK: Tokens

    private mutating func advance() throws(AlertMistake) { self.token = try self.lexer.next() }

    private mutating func count() throws(AlertMistake) {
        self.operations += 1
        if self.operations > Self.maximumOperations {
            throw self.mistake("the condition has too many parts", "split it into several alerts")
        }
    }

    private mutating func nested(_ parse: (inout AlertParser) throws(AlertMistake) -> Operand) throws(AlertMistake)
        -> Operand
    {
        self.depth += 1
        defer { self.depth -= 1 }
        if self.depth > Self.maximumDepth {
            throw self.mistake("nested more than \(Self.maximumDepth) levels deep", "nest less deeply")
        }
        return try parse(&self)
    }

    /// Consumes what closes a parenthesis or brace.
    private mutating func close(_ open: String, at start: Int) throws(AlertMistake) {
        let close = open == "(" ? ")" : "}"
        if self.token.kind == .symbol(close) { return try self.advance() }
        if self.token.kind == .end { throw AlertMistake("\"\(open)\" has no \"\(close)\"", "add \(close)", at: start) }
        throw self.mistake("expected \"\(close)\", but found \(self.found)", "write \(close) before it")
    }

    private func mistake(_ problem: String, _ suggestion: String) -> AlertMistake {
        AlertMistake(problem, suggestion, at: self.token.start)
    }

    private func unexpected() -> AlertMistake {
        switch self.token.kind {
        case .end:
            return self.mistake("the condition ends too early", "write a measure or a number, as in error_rate > 5%")
        case .string(let text):
            return self.mistake("a text is no number", "write {route=\(JSONText.quoted(text))} after a measure")
        case .symbol(let symbol) where [">", "<", ">=", "<=", "==", "!="].contains(symbol):
            return self.mistake("unexpected \(self.found)", "compare two numbers, and join comparisons with and")
        case .symbol("{"):
            return self.mistake("unexpected \(self.found)", "write the labels directly after a measure or metric")
        case .symbol("="): return self.mistake("\"=\" compares labels only", "write ==")
        default:
            return self.mistake("unexpected \(self.found)", "remove it, or write and, or, or a comparison before it")
        }
    }

    private var found: String {
        switch self.token.kind {
        case .word(let word): JSONText.quoted(word)
        case .number: "a number"
        case .string(let text): JSONText.quoted(text)
        case .symbol(let symbol): "\"\(symbol)\""
        case .end: "the end"
        }
    }

    // MARK: Types

    private static func number(_ operand: Operand) throws(AlertMistake) -> AlertNumber {
        if case .number(let number) = operand.meaning { return number }
        throw AlertMistake(
            "this is a condition, where a number is needed",
            "compare numbers, and join conditions with and, or, not",
            at: operand.start
        )
    }

    private static func condition(_ operand: Operand) throws(AlertMistake) -> AlertCondition {
        switch operand.meaning {
        case .condition(let condition): return condition
        case .number(let number):
            let example: String
            switch number.unit {
            case .ratio: example = "> 5%"
            case .seconds: example = "> 500ms"
            case .bytes: example = "> 1GiB"
            default: example = "> 0"
            }
            throw AlertMistake("this is a number, not a condition", "compare it, as in \(example)", at: operand.start)
        }
    }
}
