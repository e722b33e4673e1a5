import FoundationEssentials

/// A file of `Tests/Conformance`: rules, each followed by the cases that check it.
///
///     rule: the rule
///     section: RFC 9112 section 6.1
///     does: how the gateway applies it
///
///     case: a name, unique in the file
///     why: why the case matters
///     bytes:
///       GET / HTTP/1.1\r\n
///       \r\n
///     expect:
///       refused 400
///
/// The lines of `bytes` are joined without line ends; ``CaseText`` decodes their escapes. Anything else is an error,
/// so that a typo cannot turn into a passing test.
struct CaseFile {
    struct Case {
        let family: String
        let name: String
        let rule: String
        let line: Int
        /// `why` and other single-line values.
        var values: [String: String] = [:]
        /// `bytes`, `later` and `expect`.
        var blocks: [String: [String]] = [:]
    }

    struct Rule {
        var text = ""
        var section = ""
        var does = ""
    }

    /// A case file is invalid.
    struct Malformed: Error, CustomStringConvertible {
        let file: String
        let line: Int
        let message: String
        var description: String { "\(self.file):\(self.line): \(self.message)" }
    }

    let family: String
    private(set) var cases: [Case] = []
    private var rule = Rule()
    private var values: Set<String>
    private var block: String?
    private var number = 0

    private static let blocks: Set = ["bytes", "later", "expect"]

    /// - Parameter values: The keys that a case may have besides `why` and its blocks.
    init(_ text: String, family: String, values: Set<String>) throws {
        self.family = family
        self.values = values.union(["why"])
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            self.number += 1
            try self.read(String(line))
        }
        for one in self.cases
        where one.values["why"] == nil || one.blocks["bytes"] == nil || one.blocks["expect"] == nil {
            throw Malformed(file: family, line: one.line, message: "a case needs why, bytes and expect")
        }
        let names = Dictionary(grouping: self.cases, by: \.name)
        if let twice = names.values.first(where: { $0.count > 1 })?.last {
            throw self.malformed("duplicate case \"\(twice.name)\"", at: twice.line)
        }
    }

    private func malformed(_ message: String, at line: Int? = nil) -> Malformed {
        Malformed(file: self.family, line: line ?? self.number, message: message)
    }

    private mutating func read(_ line: String) throws {
        guard line.last != " ", line.last != "\t" else { throw self.malformed("trailing white space") }
        if line.isEmpty {
            self.block = nil
        } else if line.hasPrefix("#") {
            guard self.block == nil else { throw self.malformed("a comment in a block") }
        } else if line.hasPrefix("  ") {
            guard let block = self.block, !self.cases.isEmpty else { throw self.malformed("a line outside a block") }
            self.cases[self.cases.count - 1].blocks[block, default: []].append(String(line.dropFirst(2)))
        } else {
            try self.readKey(line)
        }
    }

    private mutating func readKey(_ line: String) throws {
        guard let colon = line.firstIndex(of: ":") else { throw self.malformed("missing key") }
        let key = String(line[..<colon])
        let value = String(line[line.index(after: colon)...].drop { $0 == " " })
        self.block = nil
        switch key {
        case "rule": self.rule = Rule(text: value)
        case "section": self.rule.section = value
        case "does": self.rule.does = value
        case "case":
            guard !self.rule.text.isEmpty, !self.rule.section.isEmpty, !self.rule.does.isEmpty else {
                throw self.malformed("a case needs a rule with section and does above it")
            }
            self.cases.append(Case(family: self.family, name: value, rule: self.rule.text, line: self.number))
        default: try self.readCaseKey(key, value)
        }
    }

    private mutating func readCaseKey(_ key: String, _ value: String) throws {
        guard let last = self.cases.indices.last else { throw self.malformed("\"\(key)\" before the first case") }
        if Self.blocks.contains(key), value.isEmpty {
            guard self.cases[last].blocks[key] == nil else { throw self.malformed("\"\(key)\" twice") }
            self.cases[last].blocks[key] = []
            self.block = key
        } else if self.values.contains(key), !value.isEmpty {
            guard self.cases[last].values[key] == nil else { throw self.malformed("\"\(key)\" twice") }
            self.cases[last].values[key] = value
        } else {
            throw self.malformed("unknown key \"\(key)\"")
        }
    }

    // MARK: The folder

    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Conformance")

    /// All files of one side, in the order of their names.
    static func all(_ side: String, values: Set<String>) throws -> [CaseFile] {
        let folder = self.folder.appendingPathComponent(side)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".cases") }
        return try names.sorted().map { name in
            let text = try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
            return try CaseFile(text, family: "\(side)/\(name.dropLast(".cases".count))", values: values)
        }
    }
}
