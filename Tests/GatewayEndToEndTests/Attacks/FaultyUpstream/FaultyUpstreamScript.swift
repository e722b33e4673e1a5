import NIOCore

/// The upstream's side of a ``FaultyRun``.
struct FaultyUpstreamScript: Sendable {
    let run: FaultyRun

    func play(_ session: ScriptedUpstream.Session) async throws {
        let connection = session.connection
        while true {
            guard let target = try await Self.target(connection) else { return }
            if target == "/plain/hold" {
                _ = try await connection.request()
                try await self.run.hold()
                try await session.send(ok("held"))
                continue
            }
            guard let number = target.split(separator: "/").last.flatMap({ Int($0) }) else { return }
            guard try await self.answer(self.run.exchange(number), connection) else { return }
        }
    }

    /// The target of the next request, without consuming it; nil if the connection ends first.
    private static func target(_ connection: RawConnection) async throws -> String? {
        try await connection.inbox.take("a head", within: .seconds(120)) { bytes, end -> String?? in
            let view = bytes.readableBytesView
            guard view.firstRange(of: Array("\r\n\r\n".utf8)) != nil else { return end == nil ? nil : .some(nil) }
            let line = String(decoding: view.prefix { $0 != 0x0D }, as: UTF8.self)
            return String(line.split(separator: " ").dropFirst().first ?? "")
        }
    }

    /// - Returns: Whether the connection can serve another request.
    private func answer(_ exchange: FaultyExchange, _ connection: RawConnection) async throws -> Bool {
        let attempt = self.run.sent(exchange.number)
        let fault = attempt == 0 || exchange.isLasting ? exchange.fault : .none
        if case .beforeRequestBody(let failure) = fault { return try await self.fail(failure, exchange, connection) }
        if case .early = fault {
            self.run.answered(exchange.number)
            try await connection.send(bytes: exchange.answer)
            return false
        }
        let request = try await connection.request()
        self.run.received(exchange.number)
        if request.body != exchange.requestBody { self.run.violation(exchange.number, "received another body") }
        if request.method != exchange.method { self.run.violation(exchange.number, "received as \(request.method)") }

        switch fault {
        case .beforeHead(let failure): return try await self.fail(failure, exchange, connection)
        case .inHead(let failure):
            try await connection.send(bytes: exchange.brokenHead)
            return try await self.fail(failure, exchange, connection)
        case .inBody(let failure):
            self.run.answered(exchange.number)
            try await connection.send(bytes: exchange.brokenAnswer)
            return try await self.fail(failure, exchange, connection)
        case .behindAnswer(.close), .behindAnswer(.reset):
            self.run.answered(exchange.number)
            try await connection.send(bytes: exchange.answer)
            if case .behindAnswer(.reset) = fault { try await connection.reset() }
            return false
        case .behindAnswer:
            self.run.answered(exchange.number)
            // In one write, so that the response never arrives without the bytes after it.
            try await connection.send(bytes: exchange.answer + Array(ok("somebody else's", "X-Number: -1").utf8))
            return true
        default:
            self.run.answered(exchange.number)
            let answer = exchange.answer
            let cuts = exchange.requestCuts.map { $0 % answer.count }.sorted()
            try await connection.send(answer, splitAt: cuts)
            return exchange.framing != .close
        }
    }

    private func fail(
        _ failure: FaultyExchange.Failure,
        _ exchange: FaultyExchange,
        _ connection: RawConnection
    ) async throws -> Bool {
        switch failure {
        case .close: break
        case .reset: try await connection.reset()
        case .stall: _ = try await connection.rest()
        case .junk:
            // In a head, an endless line; in a body, an invalid chunk size.
            if case .inHead = exchange.fault {
                try await connection.send(bytes: [UInt8](repeating: 0x78, count: 40_000))
            } else if case .inBody = exchange.fault {
                try await connection.send("zz\r\n")
            } else {
                try await connection.send(bytes: exchange.junk)
            }
        }
        return false
    }
}
