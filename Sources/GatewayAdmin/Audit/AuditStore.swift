import GatewaySettings

/// Where entries are kept: memory, and the file if there is one. Using it may block.
struct AuditStore: Sendable {
    var memory = AuditMemory()
    private var file: AuditFile?
    /// Whether acts are refused that cannot be written.
    private(set) var isRequired: Bool
    /// Whether the file cannot be written, as far as is known.
    private var isFailing = false
    /// Whether operators know that the file cannot be written.
    private var isReported = false

    init(_ settings: AuditConfiguration) {
        self.file = settings.file.isEmpty ? nil : AuditFile(settings.file)
        self.isRequired = settings.required
    }

    var hasFile: Bool { self.file != nil }

    mutating func configure(_ settings: AuditConfiguration) -> AuditFailure? {
        self.isRequired = settings.required
        guard settings.file != self.file?.path ?? "" else { return nil }
        self.end()
        (self.isFailing, self.isReported) = (false, false)
        self.file = settings.file.isEmpty ? nil : AuditFile(settings.file)
        return self.reopen(nil)
    }

    /// Looks whether another file is at the path.
    ///
    /// - Parameter entry: What to write to a file that took the place of another one, so that the chain can continue there
    ///   after a restart.
    mutating func reopen(_ entry: AuditEntry?) -> AuditFailure? {
        self.append { isReplaced in isReplaced ? entry : nil }
    }

    /// Writes the entries that wait, and another one after them.
    ///
    /// - Parameter isAct: Whether the entry is for something that does not happen if it cannot be written.
    mutating func write(_ entry: AuditEntry?, isAct: Bool) -> AuditFailure? {
        guard let failure = self.append({ _ in entry }) else { return nil }
        if let entry, !isAct || !self.isRequired { self.memory.wait(entry) }
        return failure
    }

    private mutating func append(_ entry: (_ isReplaced: Bool) -> AuditEntry?) -> AuditFailure? {
        guard var file = self.file else {
            self.memory.wrote(self.memory.unwritten(and: entry(false)))
            return nil
        }
        defer {
            file.unlock()
            self.file = file
        }
        do throws(AuditFailure) {
            let found = try file.lock()
            for line in found.lines { self.memory.add(line) }
            let lines = self.memory.unwritten(and: entry(found.isReplaced))
            if lines.isEmpty { return nil }
            try file.write(lines)
            self.memory.wrote(lines)
            self.isFailing = false
            return nil
        } catch {
            self.isFailing = true
            return error
        }
    }

    mutating func end() { self.file?.end() }

    /// What operators should know.
    enum OnAttempt {
        case failed(AuditFailure)
        case recovered(path: String)
    }

    /// Notes how an attempt to write ended. Says only what is new.
    mutating func report(_ failure: AuditFailure?) -> OnAttempt? {
        guard self.isFailing != self.isReported else { return nil }
        self.isReported = self.isFailing
        return self.isFailing ? failure.map { .failed($0) } : self.file.map { .recovered(path: $0.path) }
    }
}
