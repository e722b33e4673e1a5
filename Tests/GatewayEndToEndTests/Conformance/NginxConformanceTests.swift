import Testing

extension EndToEnd {
    /// A second opinion: nginx parses the forwarded requests the way the gateway meant them.
    @Suite(.enabled(if: ChildProcess.find("nginx") != nil)) struct NginxConformanceTests {
        @Test func `nginx behind the gateway reads the same requests, and as many`() async throws {
            try await Nginx.run { nginx in
                var seen = 0
                for example in ClientCase.all where !example.requests.isEmpty {
                    try await Self.send(example, to: nginx)
                    let (count, start) = (example.requests.count, seen)
                    do {
                        try await eventually("nginx has read \(example.name)") { nginx.entries.count >= start + count }
                    } catch {
                        Issue.record("\(example.name): \(error)")
                    }
                    let entries = Array(nginx.entries.dropFirst(seen))
                    seen += entries.count
                    #expect(entries.count == count, "\(example.name)")
                    for (entry, request) in zip(entries, example.requests) {
                        #expect(Self.differences(entry, request, example) == [], "\(example.name)")
                    }
                }
            }
        }

        private static func send(_ example: ClientCase, to nginx: Nginx) async throws {
            let toml = proxy(
                to: "http://127.0.0.1:\(nginx.port)",
                server: example.server,
                route: example.route,
                more: example.more
            )
            try await withGateway(toml) { gateway in
                let client = try await gateway.connect()
                try await client.send(bytes: example.bytes)
                if example.finishes { try await client.finishSending() }
                for outcome in example.outcomes {
                    switch outcome {
                    case .answered: _ = try await client.response()
                    case .forwarded(let request):
                        let response = try await client.finalResponse(toHead: request.method == "HEAD")
                        #expect(response.status == example.nginx, "\(example.name)")
                    case .refused, .broken, .cut: break
                    }
                }
                client.close()
            }
        }

        private static func differences(
            _ entry: Nginx.Entry,
            _ request: ClientCase.Request,
            _ example: ClientCase
        ) -> [String] {
            guard example.nginx == 200 else { return [] }
            var found: [String] = []
            func expect(_ what: String, _ seen: String, _ expected: String) {
                if seen != expected { found.append("\(what): \(seen), expected \(expected)") }
            }
            expect("method", entry.method, request.method)
            expect("target", entry.target, request.target)
            expect("version", entry.version, "HTTP/1.1")
            expect("body", entry.body, String(decoding: request.message.body, as: UTF8.self))
            switch request.message.framing {
            case .none:
                expect("Content-Length", entry.contentLength, "")
                expect("Transfer-Encoding", entry.transferEncoding, "")
            case .length(let length):
                expect("Content-Length", entry.contentLength, length)
                expect("Transfer-Encoding", entry.transferEncoding, "")
            case .chunked: expect("Transfer-Encoding", entry.transferEncoding, "chunked")
            }
            for (name, value) in request.message.fields {
                switch name.lowercased() {
                case "host": expect("Host", entry.host, value)
                case "x-forwarded-for": expect("X-Forwarded-For", entry.forwardedFor, value)
                default: break
                }
            }
            return found
        }
    }
}
