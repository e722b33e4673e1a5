import Testing

extension EndToEnd {
    /// A request by HTTP/2 and the same one by HTTP/1 reach the upstream alike.
    @Suite struct HTTP2TwinTests {
        private struct Request {
            var method = ""
            var path = ""
            var fields: [(String, String)] = []
            var body: [UInt8]?
            var declaresLength = false

            init(using random: inout SeededGenerator) {
                self.method =
                    ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"].randomElement(using: &random) ?? "GET"
                self.path = "/" + Self.text(of: "abcXYZ09-._~!$&'()*+,;=:@?", upTo: 40, using: &random)
                for index in 0..<Int.random(in: 0...8, using: &random) {
                    let value = Self.text(of: "abc XYZ\"'(),/:;<=>?@[]{}~\u{7E}é", upTo: 60, using: &random)
                    let name = ["accept", "user-agent", "x-\(index)", "referer", "authorization"].randomElement(
                        using: &random
                    )
                    self.fields.append((name ?? "x", value.trimmingBlanks))
                }
                guard self.method != "GET", self.method != "OPTIONS", Bool.random(using: &random) else { return }
                self.body = (0..<Int.random(in: 0...40_000, using: &random)).map { UInt8(truncatingIfNeeded: $0) }
                self.declaresLength = Bool.random(using: &random)
            }

            private static func text(of alphabet: String, upTo count: Int, using random: inout SeededGenerator)
                -> String
            {
                String(
                    (0..<Int.random(in: 0...count, using: &random)).compactMap { _ in
                        alphabet.randomElement(using: &random)
                    }
                )
            }

            /// The request as HTTP/1.1.
            var text: [UInt8] {
                var head = "\(self.method) \(self.path) HTTP/1.1\r\nHost: a.example\r\n"
                for (name, value) in self.fields { head += "\(name): \(value)\r\n" }
                guard let body = self.body else { return Array((head + "\r\n").utf8) }
                if self.declaresLength { return Array((head + "content-length: \(body.count)\r\n\r\n").utf8) + body }
                let size = body.isEmpty ? "" : String(body.count, radix: 16) + "\r\n"
                return Array((head + "Transfer-Encoding: chunked\r\n\r\n" + size).utf8) + body
                    + Array(((body.isEmpty ? "" : "\r\n") + "0\r\n\r\n").utf8)
            }
        }

        /// Frames of the request, cut at random.
        private static func frames(
            _ request: Request,
            on stream: UInt32,
            by client: FrameClient,
            using random: inout SeededGenerator
        ) throws -> [UInt8] {
            var fields = [
                (":method", request.method), (":scheme", "http"), (":authority", "a.example"), (":path", request.path),
            ]
            fields += request.fields
            if request.declaresLength { fields.append(("content-length", "\(request.body?.count ?? 0)")) }
            let block = try client.block(fields)
            var cuts = (0..<Int.random(in: 0...3, using: &random)).map { _ in
                Int.random(in: 0...block.count, using: &random)
            }
            cuts = [0] + cuts.sorted() + [block.count]
            var bytes: [UInt8] = []
            for index in 1..<cuts.count {
                var flags: UInt8 = index == 1 && request.body == nil ? 1 : 0
                if index == cuts.count - 1 { flags |= 4 }
                let type = index == 1 ? FrameClient.headers : FrameClient.continuation
                bytes += FrameClient.frame(
                    type,
                    flags,
                    on: stream,
                    payload: Array(block[cuts[index - 1]..<cuts[index]])
                )
            }
            guard let body = request.body else { return bytes }
            var start = 0
            repeat {
                let end = min(body.count, start + Int.random(in: 1...16_000, using: &random))
                let padding = Int.random(in: 0...9, using: &random)
                let payload = [UInt8(padding)] + body[start..<end] + [UInt8](repeating: 0, count: padding)
                bytes += FrameClient.frame(FrameClient.data, end == body.count ? 9 : 8, on: stream, payload: payload)
                start = end
            } while start < body.count
            return bytes
        }

        /// What the upstream received, without what differs between any two requests.
        private static func essence(_ message: Message) -> [String] {
            let own: Set = ["x-request-id", "traceparent", "via"]
            let fields = message.fields.filter { !own.contains($0.name.lowercased()) }
            return [message.startLine, "\(message.body)"]
                + fields.map { "\($0.name.lowercased()): \($0.value)" }.sorted()
        }

        private static let script: ScriptedUpstream.Script = { session in
            try await session.serve { _ in "HTTP/1.1 204 No Content\r\n\r\n" }
        }

        @Test(arguments: UInt64(1)...2) func `random requests are forwarded alike`(seed: UInt64) async throws {
            try await withUpstream(Self.script) { upstream in
                let toml =
                    "[upstreams.u]\ntargets = [\"\(upstream.url)\"]\n[[routes]]\npath = \"/*\"\nupstream = \"u\"\n"
                try await withGateway(toml) { gateway in
                    var random = SeededGenerator(seed)
                    let client = try await FrameClient.connect(to: gateway)
                    defer { client.close() }
                    let twin = try await gateway.connect()
                    defer { twin.close() }
                    for round in UInt32(0)..<12 {
                        let request = Request(using: &random)
                        let stream = round * 2 + 1
                        let before = upstream.requests.count
                        try await twin.send(bytes: request.text)
                        let status = try await twin.finalResponse().status
                        try await client.send(Self.frames(request, on: stream, by: client, using: &random))
                        #expect(try await client.answer(on: stream).status == status)
                        let requests = upstream.requests.dropFirst(before).map(Self.essence)
                        if status == 204 { #expect(requests.count == 2) }
                        #expect(requests.first == requests.last, "seed \(seed), round \(round)")
                        try await client.send(
                            FrameClient.frame(FrameClient.windowUpdate, payload: FrameClient.number(1))
                        )
                    }
                }
            }
        }
    }
}

extension String {
    fileprivate var trimmingBlanks: String {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        guard let first = self.firstIndex(where: { !isBlank($0) }), let last = self.lastIndex(where: { !isBlank($0) })
        else {
            return ""
        }
        return String(self[first...last])
    }
}
