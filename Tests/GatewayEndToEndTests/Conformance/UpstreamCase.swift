import Testing

@testable import GatewayCore

/// What an upstream answers, and the expected outcome.
struct UpstreamCase: Sendable, CustomTestStringConvertible {
    enum Outcome: Sendable {
        /// The client receives this status and a message that meets the expectation.
        case passed(Int, MessageExpectation)
        /// The client receives 502 with this code.
        case refused(String)
        /// The client receives a head with this status, and the connection ends before the message does.
        case cut(Int)
    }

    /// What the upstream does after sending its bytes.
    enum End: String, Sendable {
        /// Keeps serving.
        case open
        case close
        case reset
    }

    let name: String
    let request: String
    let bytes: [UInt8]
    /// Sent once the client has its response.
    let later: [UInt8]
    var end = End.open
    /// The informational responses that the client receives first.
    var informational: [(status: Int, message: MessageExpectation)] = []
    var outcome = Outcome.refused("upstream_invalid_response")
    /// The next request reuses the connection.
    var isReused = false
    /// The gateway closes the client's connection after the response.
    var closes = false

    var testDescription: String { self.name }

    var method: String { String(self.request.prefix { $0 != " " }) }

    static func load() throws -> [UpstreamCase] {
        let files = try CaseFile.all("upstream", values: ["request", "then"])
        return try files.flatMap { try $0.cases.map(UpstreamCase.init) }
    }

    /// Empty if a file is malformed, which a separate test reports.
    static let all = (try? load()) ?? []

    init(_ source: CaseFile.Case) throws {
        self.name = "\(source.family): \(source.name)"
        func malformed(_ message: String) -> CaseFile.Malformed {
            .init(file: source.family, line: source.line, message: message)
        }
        let request = source.values["request"] ?? "GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"
        self.request = try CaseText.string(request)
        self.bytes = try (source.blocks["bytes"] ?? []).flatMap(CaseText.bytes)
        self.later = try (source.blocks["later"] ?? []).flatMap(CaseText.bytes)
        if let then = source.values["then"] {
            guard let end = End(rawValue: then) else { throw malformed("then: open, close or reset") }
            self.end = end
        }
        var reader = Reader()
        for line in source.blocks["expect"] ?? [] {
            guard try reader.read(line) else { throw malformed("unknown expectation \"\(line)\"") }
        }
        guard let outcome = reader.outcome else { throw malformed("no outcome") }
        self.informational = reader.informational
        self.outcome = outcome
        self.isReused = reader.isReused
        self.closes = reader.closes
        if case .passed = outcome, reader.isReused == reader.isDropped { throw malformed("reused or dropped") }
    }

    /// The lines of `expect`.
    private struct Reader {
        var informational: [(status: Int, message: MessageExpectation)] = []
        var outcome: Outcome?
        var isReused = false
        var isDropped = false
        var closes = false

        mutating func read(_ line: String) throws -> Bool {
            let words = line.split(separator: " ").map(String.init)
            switch (words.first, words.count) {
            case ("informational", 2): self.informational.append((Int(words[1]) ?? 0, MessageExpectation()))
            case ("passed", 2): self.outcome = .passed(Int(words[1]) ?? 0, MessageExpectation())
            case ("cut", 2): self.outcome = .cut(Int(words[1]) ?? 0)
            case ("refused", 2): self.outcome = .refused(words[1])
            case ("reused", 1): self.isReused = true
            case ("dropped", 1): self.isDropped = true
            case ("closed", 1): self.closes = true
            default: return try self.readMessage(line)
            }
            return true
        }

        private mutating func readMessage(_ line: String) throws -> Bool {
            if case .passed(let status, var message) = self.outcome {
                guard try message.read(line) else { return false }
                self.outcome = .passed(status, message)
                return true
            }
            guard self.outcome == nil, let last = self.informational.indices.last else { return false }
            return try self.informational[last].message.read(line)
        }
    }
}
