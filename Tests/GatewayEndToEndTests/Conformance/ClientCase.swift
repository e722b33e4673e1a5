import Testing

@testable import GatewayCore

/// What a client sends, and the expected outcome.
struct ClientCase: Sendable, CustomTestStringConvertible {
    enum Outcome: Sendable {
        /// The head is invalid: this status, a closed connection, and none of it reaches the upstream.
        case refused(Int)
        /// The body is invalid: this status, a closed connection, and the upstream never sees its end.
        case broken(Int)
        /// The gateway answers the request.
        case answered(Int, MessageExpectation)
        /// The request reaches the upstream, and its response reaches the client.
        case forwarded(Request)
        /// The connection ends without a response.
        case cut
    }

    struct Request: Sendable {
        let method: String
        let target: String
        var message = MessageExpectation()
    }

    let name: String
    let bytes: [UInt8]
    var outcomes: [Outcome] = []
    /// The gateway closes the connection after the last response.
    var closes = false
    /// The client half-closes after the bytes.
    var finishes = false
    /// The outcome depends on the bytes arriving at once.
    var isSentWhole = false
    /// Lines for `[server]` and for the route.
    var server = ""
    var route = ""
    /// Further tables.
    var more = ""
    /// The status with which nginx answers, if it is stricter than a proxy must be.
    var nginx = 200

    var testDescription: String { self.name }

    var requests: [Request] {
        self.outcomes.compactMap { if case .forwarded(let request) = $0 { request } else { nil } }
    }

    /// Whether the last request is rejected.
    var isRefused: Bool {
        switch self.outcomes.last {
        case .refused, .broken: true
        case .answered, .forwarded, .cut, nil: false
        }
    }

    var isBroken: Bool { if case .broken = self.outcomes.last { true } else { false } }

    static func load() throws -> [ClientCase] {
        let files = try CaseFile.all("client", values: ["server", "route", "more", "then", "sent", "nginx"])
        return try files.flatMap { try $0.cases.map(ClientCase.init) }
    }

    /// Empty if a file is malformed, which a separate test reports.
    static let all = (try? load()) ?? []

    init(_ source: CaseFile.Case) throws {
        self.name = "\(source.family): \(source.name)"
        func malformed(_ message: String) -> CaseFile.Malformed {
            .init(file: source.family, line: source.line, message: message)
        }
        guard source.blocks["later"] == nil else { throw malformed("client cases have no later block") }
        self.bytes = try (source.blocks["bytes"] ?? []).flatMap(CaseText.bytes)
        self.server = try CaseText.string(source.values["server"] ?? "")
        self.route = try CaseText.string(source.values["route"] ?? "")
        self.more = try CaseText.string(source.values["more"] ?? "")
        if let then = source.values["then"] {
            guard then == "end of sending" else { throw malformed("unknown value of then") }
            self.finishes = true
        }
        if let sent = source.values["sent"] {
            guard sent == "whole" else { throw malformed("unknown value of sent") }
            self.isSentWhole = true
        }
        if let status = source.values["nginx"] {
            guard let status = Int(status.prefix(3)) else { throw malformed("nginx: status, reason") }
            self.nginx = status
        }
        for line in source.blocks["expect"] ?? [] {
            guard try self.read(line) else { throw malformed("unknown expectation \"\(line)\"") }
        }
        guard !self.bytes.isEmpty, !self.outcomes.isEmpty else { throw malformed("no bytes or no expectation") }
    }

    private mutating func read(_ line: String) throws -> Bool {
        let words = line.split(separator: " ").map(String.init)
        switch (words.first, words.count) {
        case ("refused", 2): self.outcomes.append(.refused(Int(words[1]) ?? 0))
        case ("broken", 2): self.outcomes.append(.broken(Int(words[1]) ?? 0))
        case ("answered", 2): self.outcomes.append(.answered(Int(words[1]) ?? 0, MessageExpectation()))
        case ("cut", 1): self.outcomes.append(.cut)
        case ("closed", 1): self.closes = true
        case ("forwarded", 3): self.outcomes.append(.forwarded(Request(method: words[1], target: words[2])))
        default:
            return try self.readMessage(line)
        }
        return true
    }

    /// Parses a line about the message of the last outcome.
    private mutating func readMessage(_ line: String) throws -> Bool {
        guard let last = self.outcomes.popLast() else { return false }
        switch last {
        case .forwarded(var request):
            guard try request.message.read(line) else { return false }
            self.outcomes.append(.forwarded(request))
        case .answered(let status, var message):
            guard try message.read(line) else { return false }
            self.outcomes.append(.answered(status, message))
        case .refused, .broken, .cut: return false
        }
        return true
    }
}
