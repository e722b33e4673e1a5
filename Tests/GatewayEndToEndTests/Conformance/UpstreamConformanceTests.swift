import NIOConcurrencyHelpers
import Testing

extension EndToEnd {
    /// Every case of `Tests/Conformance/upstream`, over sockets.
    @Suite struct UpstreamConformanceTests {
        @Test func `the upstream case files are well formed`() throws {
            #expect(try UpstreamCase.load().count >= 90)
        }

        @Test(arguments: UpstreamCase.all)
        func `each upstream case has the expected outcome`(_ example: UpstreamCase) async throws {
            let answered = Signal()
            let script = Self.script(example, answered: answered)
            try await withProxy(script) { gateway, upstream in
                let client = try await gateway.connect()
                try await client.send(example.request)
                try await Self.expectOutcome(of: example, at: client)
                answered.fire()
                if !example.isReused {
                    try await eventually("the connection is closed") { upstream.openConnections == 0 }
                }
                // The next request gets its own response, over either connection.
                if Self.ends(example) {
                    #expect(try await gateway.get("/next").text == "next")
                } else {
                    try await client.send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n")
                    #expect(try await client.response().text == "next")
                }
                #expect(client.inbox.pending == "")
                #expect(upstream.connections == (example.isReused ? 1 : 2))
                #expect(upstream.requests.count == 2)
                client.close()
            }
        }

        @Test(arguments: UpstreamCase.all.filter { $0.bytes.count < 1000 && $0.later.isEmpty && $0.end != .reset })
        func `each upstream case has the same outcome wherever it is split`(_ example: UpstreamCase) async throws {
            var random = SeededGenerator(UInt64(example.bytes.count))
            let positions = Array(1..<max(2, example.bytes.count))
            let splits = [positions] + positions.shuffled(using: &random).prefix(8).map { [$0] }
            let left = NIOLockedValueBox(splits)
            let script: ScriptedUpstream.Script = { session in
                while true {
                    _ = try await session.request()
                    let split = left.withLockedValue { $0.popLast() } ?? []
                    // After an early rejection, the gateway does not read the rest.
                    try? await session.connection.send(example.bytes, splitAt: split)
                    if example.end == .close { return }
                }
            }
            try await withProxy(script) { gateway, upstream in
                for split in splits.reversed() {
                    let client = try await gateway.connect()
                    try await client.send(example.request)
                    do { try await Self.expectOutcome(of: example, at: client) } catch {
                        Issue.record("split at \(split): \(error)")
                    }
                    client.close()
                    if !example.isReused {
                        try await eventually("the connection is closed") { upstream.openConnections == 0 }
                    }
                }
            }
        }

        // MARK: Implementation

        private static func ends(_ example: UpstreamCase) -> Bool {
            if case .cut = example.outcome { return true }
            return example.closes
        }

        /// The first connection plays the case; later ones answer as usual.
        private static func script(_ example: UpstreamCase, answered: Signal) -> ScriptedUpstream.Script {
            { session in
                if session.index == 0 {
                    _ = try await session.request()
                    try? await session.connection.send(bytes: example.bytes)
                    if !example.later.isEmpty {
                        try await answered.wait()
                        try? await session.connection.send(bytes: example.later)
                    }
                    switch example.end {
                    case .open: break
                    case .close: return
                    case .reset: return try await session.connection.reset()
                    }
                }
                try await session.serve { _ in ok("next") }
            }
        }

        private static func expectOutcome(of example: UpstreamCase, at client: RawConnection) async throws {
            for (status, message) in example.informational {
                let response = try await client.response()
                #expect(response.status == status)
                #expect(message.differences(from: response) == [])
            }
            switch example.outcome {
            case .passed(let status, let message):
                let response = try await client.response(toHead: example.method == "HEAD")
                #expect(response.status == status)
                #expect(message.differences(from: response) == [])
                #expect((response["Connection"] == "close") == example.closes)
            case .refused(let code):
                let response = try await client.response(toHead: example.method == "HEAD")
                #expect(response.status == 502)
                if example.method != "HEAD" { #expect(response.code == code) }
            case .cut(let status):
                let (text, end) = try await client.rest()
                // A reset may discard what came before it.
                #expect(text.hasPrefix("HTTP/1.1 \(status) ") || text.isEmpty && end == .reset)
                #expect(!text.hasSuffix("0\r\n\r\n"))
                #expect(end == .reset || text.contains("Content-Length: ") || text.contains("chunked\r\n"))
            }
            if example.closes { #expect(try await client.rest().text == "") }
        }
    }
}
