/// Checks the lines of an audit log, which may be spread over several files, and says where the chain breaks.
///
/// It knows no files. A chain may begin with any line, since older files may be gone. Lines that are missing at its end do
/// not show.
package struct AuditVerification: Sendable {
    /// Where the chain breaks.
    package struct Break: Error, Hashable, CustomStringConvertible {
        package let file: String
        /// Counted from 1.
        package let line: Int
        /// The number that the line states; nil if it is not readable.
        package let seq: Int?
        package let problem: String

        package var description: String {
            "\(self.file):\(self.line): \(self.seq.map { "seq \($0): " } ?? "")\(self.problem)"
        }
    }

    /// The number of the first entry; nil until there is one.
    package private(set) var first: Int?
    package private(set) var chain = AuditChain()
    /// The number of lines read, over all files.
    package private(set) var entries = 0
    private var file = ""
    private var line = 0

    package init() {}

    package mutating func begin(file: String) {
        self.file = file
        self.line = 0
    }

    /// Checks the next line.
    ///
    /// - Parameter bytes: The line without its line feed.
    package mutating func next(_ bytes: some Collection<UInt8>) throws(Break) {
        self.line += 1
        guard let line = AuditLine(bytes) else { throw self.broken(nil, "this is no audit entry") }
        guard line.isIntact else { throw self.broken(line.seq, "the hash is not that of the line, which was changed") }
        let isFirst = self.first == nil
        if !isFirst, line.seq != self.chain.seq + 1 {
            throw self.broken(line.seq, "expected seq \(self.chain.seq + 1): entries are missing, or in another order")
        }
        let previous = isFirst && line.seq > 1 ? line.previous : self.chain.hash
        guard line.previous == previous else {
            throw self.broken(line.seq, "\"previous\" is not the hash of the entry before, which was replaced")
        }
        if isFirst { self.first = line.seq }
        self.chain.follow(line)
        self.entries += 1
    }

    /// Reports the start of a line that has no line feed.
    package func torn() -> Break {
        Break(file: self.file, line: self.line + 1, seq: nil, problem: "the line is incomplete")
    }

    private func broken(_ seq: Int?, _ problem: String) -> Break {
        Break(file: self.file, line: self.line, seq: seq, problem: problem)
    }
}
