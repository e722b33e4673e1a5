/// Sends requests in sequence, sometimes pipelined, on one connection for as long as it stays open.
struct FaultyClient: Sendable {
    let run: FaultyRun
    let gateway: RunningGateway

    func ask(_ numbers: [Int]) async throws {
        var random = SeededGenerator(self.run.seed &+ UInt64(numbers.first ?? 0))
        var connection: RawConnection?
        var rest = numbers[...]
        while !rest.isEmpty {
            let next = rest.prefix(random.once(in: 4) ? 3 : 1).map(self.run.exchange)
            // A client that leaves in the middle of a request sends that request alone, so that all others get their
            // responses. HTTP/1.0 has no pipelining: the connection may close after its response.
            let alone = next.firstIndex { $0.leavesInRequest != nil || $0.version == "HTTP/1.0" }
            let burst = Array(next[..<(alone.map { max($0, 1) } ?? next.count)])
            rest = rest.dropFirst(burst.count)
            let current: RawConnection
            if let connection { current = connection } else { current = try await self.gateway.connect() }
            let stays = try await self.ask(burst, current)
            connection = stays ? current : nil
        }
        connection?.close()
    }

    /// - Returns: Whether the connection can serve further requests.
    private func ask(_ burst: [FaultyExchange], _ connection: RawConnection) async throws -> Bool {
        async let isSent = self.send(burst, connection)
        var stays = true
        for exchange in burst where stays {
            // Nothing can be said about the requests after an incomplete one.
            if exchange.leavesInRequest != nil { break }
            if let count = exchange.leavesInAnswer {
                _ = await isSent
                try? await FaultyAnswer.skip(count, of: connection, toHead: exchange.method == "HEAD")
                if exchange.leavesWithReset { try await connection.reset() } else { connection.close() }
                self.run.count("left during the response")
                return false
            }
            stays = try await self.judge(exchange, connection)
        }
        // Close after the last response on a connection, so that sending stops.
        if !stays { connection.close() }
        return await isSent && stays
    }

    /// - Returns: Whether everything was sent.
    private func send(_ burst: [FaultyExchange], _ connection: RawConnection) async -> Bool {
        for exchange in burst {
            do {
                if let count = exchange.leavesInRequest {
                    try await connection.send(bytes: Array(exchange.request.prefix(count)))
                    if exchange.leavesWithReset { try await connection.reset() } else { connection.close() }
                    self.run.count("left during the request")
                    return false
                }
                try await connection.send(exchange.request, splitAt: exchange.requestCuts)
            } catch {
                return false
            }
        }
        return true
    }

    private func judge(_ exchange: FaultyExchange, _ connection: RawConnection) async throws -> Bool {
        let answer: FaultyAnswer
        do {
            answer = try await FaultyAnswer.read(connection, toHead: exchange.method == "HEAD")
        } catch {
            self.run.violation(exchange.number, "\(error)")
            return false
        }
        self.run.count(answer.outcome)
        if let violation = answer.violation(of: exchange, in: self.run) {
            self.run.violation(exchange.number, violation)
        }
        guard case .whole(let message) = answer else { return false }
        if exchange.version == "HTTP/1.0" { return message["Connection"] == "keep-alive" }
        return message["Connection"] != "close"
    }
}
