/// The last entries of the audit log, and those that could not be written yet.
struct AuditMemory: Sendable {
    /// How many entries are kept.
    static let limit = 1000
    /// The maximum size of the entries that are kept, in bytes.
    static let sizeLimit = 16 << 20

    private var chain = AuditChain()
    private var lines: [AuditLine] = []
    private var size = 0
    /// Entries whose place is not certain until they are written, because another process may write before.
    private var waiting: [AuditEntry] = []

    /// The chain continues after a line of the file.
    mutating func add(_ line: AuditLine) {
        if line.previous != self.chain.hash {
            // This is another chain, or one of which a part is unknown.
            self.lines = []
            self.size = 0
        }
        self.chain.follow(line)
        self.lines.append(line)
        self.size += line.bytes.count
        while self.lines.count > Self.limit || self.size > Self.sizeLimit {
            self.size -= self.lines.removeFirst().bytes.count
        }
    }

    /// Keeps an entry until it can be written. The oldest ones are dropped if there are too many.
    mutating func wait(_ entry: AuditEntry) {
        if self.waiting.count == Self.limit { self.waiting.removeFirst() }
        self.waiting.append(entry)
    }

    /// The lines of the entries that wait, and of another one after them.
    func unwritten(and entry: AuditEntry? = nil) -> [AuditLine] {
        var chain = self.chain
        return (self.waiting + (entry.map { [$0] } ?? [])).map { chain.link($0) }
    }

    /// The lines of ``unwritten(and:)`` were written.
    mutating func wrote(_ lines: [AuditLine]) {
        self.waiting = []
        for line in lines { self.add(line) }
    }

    /// The entries after a number, the oldest first.
    func entries(after seq: Int, limit: Int) -> [AuditLine] {
        let all = (self.lines + self.unwritten()).suffix(Self.limit)
        return Array(all.lazy.filter { $0.seq > seq }.prefix(limit))
    }
}
