import Testing

extension EndToEnd {
    /// Many clients at once, most of them faulty.
    @Suite struct HostileCrowdTests {
        @Test func `two hundred connections with mixed failures do not disturb the others`() async throws {
            let script: ScriptedUpstream.Script = { session in
                while true {
                    let request = try await session.request()
                    switch request.target.split(separator: "/").first {
                    case "die": return
                    case "reset": return try await session.connection.reset()
                    case "nonsense": return try await session.send("nonsense\r\n\r\n")
                    case "short": return try await session.send("HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\nabc")
                    case "long": try await session.send(ok("mine") + ok("stolen"))
                    default: try await session.send(ok(request.target + " " + request.text))
                    }
                }
            }
            try await withProxy(script, workers: 2) { gateway, upstream in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<200 {
                        group.addTask {
                            let client = try await gateway.connect()
                            defer { client.close() }
                            guard number % 2 == 0 else { return try await Self.misbehave(client, number / 2) }
                            for turn in 0..<10 {
                                let target = "/good/\(number)/\(turn)"
                                try await client.send(
                                    "PUT \(target) HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody"
                                )
                                let response = try await client.response()
                                try #require(response.text == "\(target) body")
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                try await eventually("the faulty connections are closed") { upstream.openConnections <= 100 }
                let response = try await gateway.get("/good")
                #expect(response.text == "/good ")
            }
        }

        private static func misbehave(_ client: RawConnection, _ number: Int) async throws {
            func ask(_ target: String, _ status: Int) async throws {
                try await client.send("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n")
                let response = try await client.response()
                #expect(response.status == status, "\(target)")
            }
            switch number % 10 {
            case 0: try await ask("/die", 502)
            case 1: try await ask("/reset", 502)
            case 2: try await ask("/nonsense", 502)
            case 3:
                try await client.send("GET /short HTTP/1.1\r\nHost: a\r\n\r\n")
                let (text, _) = try await client.rest()
                #expect(text.hasSuffix("abc"))
            case 4: try await ask("/long", 200)
            case 5: try await client.send("GET /leaves HTTP/1.1\r\nHost: a\r\n\r\n")
            case 6:
                try await client.send("POST /leaves HTTP/1.1\r\nHost: a\r\nContent-Length: 999\r\n\r\nabc")
                try await client.reset()
            case 7:
                try await client.send("GET /\r\n\r\n")
                let response = try await client.response()
                #expect(response.status == 400)
            case 8: try await client.send("GET /incomplete HTTP/1.1\r\nHo")
            default: try await ask("/..", 400)
            }
        }
    }
}
