/// One request, its response and what goes wrong, all derived from the seed of the run and the number of the request.
struct FaultyExchange: Sendable {
    /// How an upstream fails.
    enum Failure: CaseIterable, Sendable {
        case close
        case reset
        case stall
        case junk
    }

    /// When the upstream fails.
    enum Fault: Sendable {
        case none
        case beforeRequestBody(Failure)
        case beforeHead(Failure)
        case inHead(Failure)
        case inBody(Failure)
        /// The complete response arrives while the request body is still being sent; then the connection ends.
        case early
        case behindAnswer(Failure)
    }

    enum Framing: CaseIterable, Sendable {
        case length
        case chunked
        case close
    }

    let number: Int
    let method: String
    let version: String
    let acceptsGzip: Bool
    let requestBody: [UInt8]
    let answerBody: [UInt8]
    let framing: Framing
    let fault: Fault
    /// The fault affects every attempt, not only the first.
    let isLasting: Bool
    /// How far into the head or body of the response the fault occurs.
    let depth: Double
    private(set) var request: [UInt8] = []
    private(set) var requestCuts: [Int] = []
    /// The client leaves after this many bytes of its request.
    private(set) var leavesInRequest: Int?
    /// The client leaves after this many bytes of the response.
    private(set) var leavesInAnswer: Int?
    private(set) var leavesWithReset = false
    let hasHints: Bool
    let isText: Bool
    private let chunk: Int

    /// Whether the request may be sent again: what the client sends of its body fits into the replay buffer.
    var mayRepeat: Bool {
        self.method != "POST" && min(self.requestBody.count, self.leavesInRequest ?? .max) <= 65_536
    }

    /// A description for reports of violations.
    var summary: String {
        let leaves = self.leavesInRequest ?? self.leavesInAnswer
        return "\(self.method) \(self.version) \(self.requestBody.count) bytes, answer \(self.framing) "
            + "\(self.answerBody.count) bytes, gzip \(self.acceptsGzip && self.isText), fault \(self.fault), "
            + "lasting \(self.isLasting), leaves \(leaves.map { "\($0)" } ?? "never")"
    }

    init(number: Int, seed: UInt64) {
        var random = SeededGenerator(seed &* 1_000_003 &+ UInt64(number))
        random = SeededGenerator(random.next())
        self.number = number
        self.method = ["GET", "GET", "HEAD", "PUT", "POST", "POST"].randomElement(using: &random) ?? "GET"
        self.version = random.once(in: 12) ? "HTTP/1.0" : "HTTP/1.1"
        self.acceptsGzip = random.once(in: 2)
        self.isText = random.once(in: 2)
        self.hasHints = random.once(in: 16)
        self.isLasting = random.once(in: 2)
        self.depth = .random(in: 0..<1, using: &random)
        self.chunk = [7, 500, 9_000, 200_000].randomElement(using: &random) ?? 500

        let hasBody = self.method == "PUT" || self.method == "POST"
        self.requestBody = hasBody ? Self.bytes(of: number, "request", count: random.size()) : []
        var fault = random.once(in: 3) ? Self.fault(&random) : .none
        var framing = Framing.allCases.randomElement(using: &random) ?? .length
        var size = random.size()
        switch fault {
        case .inBody(.junk): framing = .chunked
        case .behindAnswer:
            // The extra bytes must arrive together with the end of the response.
            framing = framing == .close ? .length : framing
            size = min(size, 5_000)
        default: break
        }
        if case .inBody = fault {
            if self.method == "HEAD" { fault = .none } else { size = max(size, 2) }
        }
        self.fault = fault
        self.framing = framing
        self.answerBody = self.method == "HEAD" ? [] : Self.bytes(of: number, "answer", count: size)
        self.request = self.requestWire(&random)
        let length = self.request.count
        self.requestCuts = (0..<Int.random(in: 0...3, using: &random))
            .map { _ in Int.random(in: 0...length, using: &random) }.sorted()
        self.leavesInRequest = random.once(in: 40) ? .random(in: 0..<length, using: &random) : nil
        self.leavesInAnswer = random.once(in: 40) ? .random(in: 0...(size + 200), using: &random) : nil
        self.leavesWithReset = random.once(in: 2)
    }

    private static func fault(_ random: inout SeededGenerator) -> Fault {
        // Stalls take long, so there are fewer of them.
        var failure = Failure.allCases.randomElement(using: &random) ?? .close
        if failure == .stall, !random.once(in: 3) { failure = .close }
        return switch Int.random(in: 0..<7, using: &random) {
        case 0: .beforeRequestBody(failure)
        case 1: .beforeHead(failure)
        case 2: .inHead(failure)
        case 3, 4: .inBody(failure)
        case 5: .early
        default: .behindAnswer(failure == .stall ? .junk : failure)
        }
    }

    /// Random letters. Each body is a different slice of them.
    private static let letters: [UInt8] = {
        var random = SeededGenerator(0)
        var letters: [UInt8] = []
        while letters.count < 1 << 18 {
            let bits = random.next()
            for shift in 0..<10 { letters.append(0x40 + UInt8(bits >> UInt64(shift * 6) & 0x3F)) }
        }
        return letters
    }()

    static func bytes(of number: Int, _ side: String, count: Int) -> [UInt8] {
        var random = SeededGenerator(UInt64(number) &* 2 &+ (side == "answer" ? 1 : 0))
        let start = Int(random.next() % UInt64(1 << 17))
        return Array((Array("\(side) \(number) ".utf8) + self.letters[start..<(start + count)]).prefix(count))
    }

    // MARK: Wire

    private func requestWire(_ random: inout SeededGenerator) -> [UInt8] {
        var stalls = false
        switch self.fault {
        case .beforeRequestBody(.stall), .beforeHead(.stall), .inHead(.stall), .inBody(.stall): stalls = true
        default: break
        }
        var lines = ["\(self.method) /\(stalls ? "stall" : "plain")/\(self.number) \(self.version)", "Host: a.example"]
        if self.version == "HTTP/1.0", random.once(in: 2) { lines.append("Connection: keep-alive") }
        if self.acceptsGzip { lines.append("Accept-Encoding: gzip") }
        guard self.method == "PUT" || self.method == "POST" else { return Self.wire(lines, []) }
        if self.version == "HTTP/1.1", random.once(in: 2) {
            return Self.wire(lines + ["Transfer-Encoding: chunked"], self.chunks(self.requestBody) + Self.lastChunk)
        }
        return Self.wire(lines + ["Content-Length: \(self.requestBody.count)"], self.requestBody)
    }

    private static let lastChunk = Array("0\r\n\r\n".utf8)

    private static func wire(_ lines: [String], _ body: [UInt8]) -> [UInt8] {
        Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body
    }

    private func chunks(_ body: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = body[...]
        let size = max(self.chunk, body.count / 40)
        while !rest.isEmpty {
            let piece = rest.prefix(size)
            bytes += Array((String(piece.count, radix: 16) + "\r\n").utf8) + piece + Array("\r\n".utf8)
            rest = rest.dropFirst(piece.count)
        }
        return bytes
    }

    /// The response up to the first `bodyBytes` bytes of its body.
    private func answerHead() -> [UInt8] {
        var lines = ["HTTP/1.1 200 OK", "X-Number: \(self.number)"]
        lines.append("Content-Type: \(self.isText ? "text/plain" : "application/octet-stream")")
        switch self.framing {
        case .length: lines.append("Content-Length: \(self.answerBody.count)")
        case .chunked: lines.append("Transfer-Encoding: chunked")
        case .close: lines.append("Connection: close")
        }
        let hints = self.hasHints ? "HTTP/1.1 103 Early Hints\r\nLink: </\(self.number)>\r\n\r\n" : ""
        return Array(hints.utf8) + Self.wire(lines, [])
    }

    var answer: [UInt8] {
        guard self.method != "HEAD" else { return self.answerHead() }
        return self.answerHead()
            + (self.framing == .chunked ? self.chunks(self.answerBody) + Self.lastChunk : self.answerBody)
    }

    /// An incomplete head.
    var brokenHead: [UInt8] {
        let head = self.answerHead()
        return Array(head.prefix(1 + Int(self.depth * Double(head.count - 2))))
    }

    /// The bytes of the body before the fault.
    var brokenBody: ArraySlice<UInt8> { self.answerBody.prefix(Int(self.depth * Double(self.answerBody.count))) }

    var brokenAnswer: [UInt8] {
        self.answerHead() + (self.framing == .chunked ? self.chunks(Array(self.brokenBody)) : Array(self.brokenBody))
    }

    /// Bytes that no head parser may accept.
    var junk: [UInt8] {
        let all = [
            "nonsense\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc", "\u{0}\u{1}\u{2}",
            "HTTP/1.1 200 OK\r\nbad name: x\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
            "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\nX: " + String(repeating: "x", count: 40_000) + "\r\n\r\n",
        ]
        return Array(all[Int(self.depth * Double(all.count))].utf8)
    }
}
