import NIOCore
import Testing

extension EndToEnd {
    /// Every case of `Tests/Conformance/client`, over sockets.
    @Suite struct ClientConformanceTests {
        @Test func `the client case files are well formed`() throws {
            #expect(try ClientCase.load().count >= 220)
        }

        @Test(arguments: ClientCase.all)
        func `each client case has the expected outcome`(_ example: ClientCase) async throws {
            try await Self.run(example) { gateway, upstream in
                let client = try await gateway.connect()
                // A rejected request is followed by another one, which must never be read.
                try await client.send(bytes: example.bytes + (example.isRefused ? Self.smuggled : []))
                if example.finishes { try await client.finishSending() }
                try await Self.expectOutcomes(of: example, at: client)
                if example.isBroken {
                    try await eventually("the upstream connection is closed") { upstream.openConnections == 0 }
                }
                Self.expect(example, at: upstream)
                // A connection that stays open serves the next request correctly; so does a new one.
                if !Self.ends(example) {
                    try await client.send("GET /next HTTP/1.1\r\nHost: next.example\r\n\r\n")
                    #expect(try await client.response()["X-Target"] == "/next")
                }
                client.close()
                let next = try await gateway.exchange("GET /new HTTP/1.1\r\nHost: next.example\r\n\r\n")
                #expect(next["X-Target"] == "/new")
                #expect(upstream.requests.last?.target == "/new")
            }
        }

        @Test(arguments: Thoroughness.sample(ClientCase.all.filter { $0.bytes.count < 1000 && !$0.isSentWhole }))
        func `each client case has the same outcome wherever its bytes are split`(_ example: ClientCase) async throws {
            try await Self.run(example) { gateway, upstream in
                let splits = Self.splits(of: example.bytes.count)
                for batch in stride(from: 0, to: splits.count, by: 8) {
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for split in splits[batch..<min(batch + 8, splits.count)] {
                            group.addTask { try await Self.expectOutcomes(of: example, splitAt: split, gateway) }
                        }
                        try await group.waitForAll()
                    }
                }
                let requests = upstream.requests
                #expect(requests.count == splits.count * example.requests.count)
                if example.requests.count == 1, let expected = example.requests.first {
                    for request in requests where !Self.differences(request, expected).isEmpty {
                        Issue.record("\(Self.differences(request, expected))")
                    }
                }
                if !example.isBroken, !Self.isCut(example) { #expect(upstream.pending == "") }
            }
        }

        // MARK: Implementation

        private static let smuggled = Array("GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n".utf8)

        private static func run(
            _ example: ClientCase,
            _ body: (RunningGateway, ScriptedUpstream) async throws -> Void
        ) async throws {
            let script = serving { request in
                let body = request.method == "HEAD" ? "" : "Content-Length: 2\r\n\r\nok"
                return "HTTP/1.1 200 OK\r\nX-Target: \(request.target)\r\n" + (body.isEmpty ? "\r\n" : body)
            }
            try await withProxy(script, server: example.server, route: example.route, more: example.more, body)
        }

        private static func ends(_ example: ClientCase) -> Bool {
            if case .cut = example.outcomes.last { return true }
            return example.isRefused || example.closes || example.finishes
        }

        /// The responses on one connection, and its end.
        private static func expectOutcomes(of example: ClientCase, at client: RawConnection) async throws {
            for outcome in example.outcomes {
                switch outcome {
                case .refused(let status), .broken(let status):
                    let response = try await client.response()
                    #expect(response.status == status)
                    #expect(response["Connection"] == "close")
                    #expect(response["Content-Type"] == "application/problem+json")
                case .answered(let status, let message):
                    let response = try await client.response()
                    #expect(response.status == status)
                    #expect(message.fieldDifferences(from: response) == [])
                    #expect(response["X-Target"] == nil)
                case .forwarded(let request):
                    let response = try await client.finalResponse(toHead: request.method == "HEAD")
                    #expect(response.status == 200)
                    #expect(response["X-Target"] == request.target)
                case .cut: break
                }
            }
            if Self.ends(example) { #expect(try await client.rest().text == "") }
        }

        private static func expectOutcomes(
            of example: ClientCase,
            splitAt split: [Int],
            _ gateway: RunningGateway
        ) async throws {
            let client = try await gateway.connect()
            // After an early rejection, the gateway does not read the rest.
            try? await client.send(example.bytes + (example.isRefused ? self.smuggled : []), splitAt: split)
            if example.finishes { try? await client.finishSending() }
            do { try await self.expectOutcomes(of: example, at: client) } catch {
                Issue.record("split at \(split): \(error)")
            }
            client.close()
        }

        /// What the upstream received, byte by byte.
        private static func expect(_ example: ClientCase, at upstream: ScriptedUpstream) {
            let requests = upstream.requests
            let expected = example.requests
            #expect(requests.map { "\($0.method) \($0.target)" } == expected.map { "\($0.method) \($0.target)" })
            for (request, expected) in zip(requests, expected) {
                #expect(self.differences(request, expected) == [])
            }
            if expected.isEmpty, !example.isBroken, !self.isCut(example) { #expect(upstream.connections == 0) }
            if !example.isBroken, !self.isCut(example) { #expect(upstream.pending == "") }
        }

        private static func isCut(_ example: ClientCase) -> Bool {
            if case .cut = example.outcomes.last { true } else { false }
        }

        private static func differences(_ request: Message, _ expected: ClientCase.Request) -> [String] {
            var found = expected.message.differences(from: request)
            let line = "\(expected.method) \(expected.target) HTTP/1.1"
            if request.startLine != line { found.append("\(request.startLine), expected \(line)") }
            if request.all("Host").count != 1 { found.append("Host: \(request.all("Host"))") }
            if let connection = request["Connection"], connection != "TE" { found.append("Connection: \(connection)") }
            return found
        }

        /// Byte by byte, and at one position or some, always the same ones. `SegmentationTests` splits at every position.
        private static func splits(of count: Int) -> [[Int]] {
            var random = SeededGenerator(UInt64(count))
            let positions = Array(1..<max(2, count))
            let chosen = Array(positions.shuffled(using: &random).prefix(Thoroughness.count(1, thorough: 3)))
            return chosen.map { [$0] } + [positions]
        }
    }
}
