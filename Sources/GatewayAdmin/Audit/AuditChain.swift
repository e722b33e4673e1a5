/// The end of a chain of entries, to which the next one is linked.
package struct AuditChain: Hashable, Sendable {
    /// The number of the last entry; 0 if there is none.
    package private(set) var seq = 0
    /// The hash of the last entry.
    package private(set) var hash = AuditLine.noHash

    package init() {}

    /// Links an entry to the last one.
    mutating func link(_ entry: AuditEntry) -> AuditLine {
        let line = AuditLine(entry, seq: self.seq + 1, previous: self.hash)
        self.follow(line)
        return line
    }

    /// Continues after a line, whatever was last.
    mutating func follow(_ line: AuditLine) {
        self.seq = line.seq
        self.hash = line.hash
    }
}
