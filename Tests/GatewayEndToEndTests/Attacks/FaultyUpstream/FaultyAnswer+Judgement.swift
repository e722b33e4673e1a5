/// Checks the response to an exchange: it must contain the exchange's own bytes, and be either complete or visibly
/// cut.
extension FaultyAnswer {
    /// - Returns: The violation, or nil if there is none.
    func violation(of exchange: FaultyExchange, in run: FaultyRun) -> String? {
        switch self {
        case .whole(let message) where message["X-Number"] != nil: Self.judge(message, exchange)
        case .whole(let message): Self.judge(error: message, exchange, run)
        case .cut(let head, let body): Self.judge(head, body, exchange)
        }
    }

    var outcome: String {
        switch self {
        case .whole(let message): "\(message.status) \(message.code ?? "")"
        case .cut: "cut"
        }
    }

    private static func judge(_ message: Message, _ exchange: FaultyExchange) -> String? {
        guard message["X-Number"] == "\(exchange.number)" else { return "the response to \(message["X-Number"] ?? "")" }
        guard message.status == 200 else { return "status \(message.status)" }
        guard exchange.method != "HEAD" else { return nil }
        let body = Self.plain(message.body, message, isWhole: true)
        if body == exchange.answerBody { return nil }
        // A body delimited by the end of the connection looks complete wherever it ends.
        if case .inBody(.close) = exchange.fault, exchange.framing == .close, body == Array(exchange.brokenBody) {
            return nil
        }
        return "a complete body of \(body?.count ?? -1) instead of \(exchange.answerBody.count)"
    }

    private static func judge(_ head: Message?, _ body: [UInt8], _ exchange: FaultyExchange) -> String? {
        switch exchange.fault {
        case .inBody, .early, .behindAnswer(.reset): break
        default: return "cut without a reason"
        }
        guard let head else { return "cut without a head" }
        guard head["X-Number"] == "\(exchange.number)" else { return "part of \(head["X-Number"] ?? "an error")" }
        guard let plain = self.plain(body, head, isWhole: false) else { return "a part that cannot be decoded" }
        return exchange.answerBody.starts(with: plain) ? nil : "part of another body"
    }

    private static func judge(error: Message, _ exchange: FaultyExchange, _ run: FaultyRun) -> String? {
        let expected: [(Int, String)] =
            switch exchange.fault {
            // The connection died during the previous request, so a request that is not safe to repeat fails.
            case .none: exchange.mayRepeat || run.hasAnswered(exchange.number) ? [] : [(502, "upstream_reset")]
            case .beforeRequestBody(.junk), .beforeHead(.junk), .inHead(.junk):
                [(502, "upstream_invalid_response")] + (exchange.mayRepeat ? [] : [(502, "upstream_reset")])
            case .beforeRequestBody(.stall), .beforeHead(.stall), .inHead(.stall), .inBody(.stall):
                // The client may send its body later than the route allows.
                [(504, "upstream_timeout"), (408, "request_timeout")]
                    + (exchange.mayRepeat ? [] : [(502, "upstream_reset")])
            case .inHead: [(502, "upstream_reset"), (502, "upstream_invalid_response")]
            case .inBody(.junk): [(502, "upstream_reset"), (502, "upstream_invalid_response")]
            case .beforeRequestBody, .beforeHead, .inBody, .early, .behindAnswer(.reset): [(502, "upstream_reset")]
            case .behindAnswer:
                exchange.mayRepeat || run.hasAnswered(exchange.number) ? [] : [(502, "upstream_reset")]
            }
        let isExpected = expected.contains { status, code in
            status == error.status && (exchange.method == "HEAD" || code == error.code)
        }
        return isExpected ? nil : "answered \(error.status) \(error.code ?? error.text)"
    }

    private static func plain(_ body: [UInt8], _ head: Message, isWhole: Bool) -> [UInt8]? {
        guard let coding = head["Content-Encoding"] else { return body }
        if !isWhole, body.isEmpty { return [] }
        return Message.decode(body, coding, whole: isWhole).map { Array($0.utf8) }
    }
}
