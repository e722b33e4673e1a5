import NIOConcurrencyHelpers
import NIOCore
import Testing

extension EndToEnd {
    /// Random requests and responses in random framings, split at random positions. Every byte is compared.
    @Suite struct RandomExchangeTests {
        private struct Random: RandomNumberGenerator, Sendable {
            private var generator: SeededGenerator

            init(seed: UInt64) { self.generator = SeededGenerator(seed) }

            mutating func next() -> UInt64 { self.generator.next() }

            mutating func bytes() -> [UInt8] {
                let count =
                    [0, 1, .random(in: 2...100, using: &self), .random(in: 100...200_000, using: &self)]
                    .randomElement(using: &self) ?? 0
                var bytes: [UInt8] = []
                bytes.reserveCapacity(count + 8)
                while bytes.count < count { withUnsafeBytes(of: self.next()) { bytes.append(contentsOf: $0) } }
                return Array(bytes.prefix(count))
            }

            mutating func fields() -> [String] {
                let alphabet = Array("!#$%&'*+-.^_`|~0123456789abcXYZ \t\"(),/:;<=>?@[]{}")
                return (0..<Int.random(in: 0...20, using: &self)).map { number in
                    let length = Int.random(in: 0...60, using: &self)
                    let value = String((0..<length).map { _ in alphabet.randomElement(using: &self) ?? "x" })
                    return "X-Field-\(number): "
                        + value.drop { $0 == " " || $0 == "\t" }.reversed()
                        .drop { $0 == " " || $0 == "\t" }.reversed()
                }
            }

            /// A body in a random HTTP/1.1 framing, with its field.
            mutating func framed(_ body: [UInt8]) -> (field: String, bytes: [UInt8]) {
                guard Bool.random(using: &self) else { return ("Content-Length: \(body.count)", body) }
                var bytes: [UInt8] = []
                var rest = body[...]
                while !rest.isEmpty {
                    let count = Int.random(
                        in: 1...min(rest.count, [3, 50, 9000, 100_000].randomElement(using: &self) ?? 3),
                        using: &self
                    )
                    let size = String(count, radix: 16, uppercase: .random(using: &self))
                    bytes += Array("\(size)\(Bool.random(using: &self) ? ";a=b" : "")\r\n".utf8)
                    bytes += rest.prefix(count) + Array("\r\n".utf8)
                    rest = rest.dropFirst(count)
                }
                return ("Transfer-Encoding: chunked", bytes + Array("0\r\n\r\n".utf8))
            }

            mutating func cuts(_ count: Int) -> [Int] {
                (0..<Int.random(in: 0...6, using: &self)).map { _ in Int.random(in: 0...count, using: &self) }.sorted()
            }
        }

        private struct Part: Sendable {
            let body: [UInt8]
            let fields: [String]
            let wire: [UInt8]
            let cuts: [Int]
            let closes: Bool

            init(startLine: String, fixed: String, mayClose: Bool, _ random: inout Random) {
                self.body = random.bytes()
                self.fields = random.fields()
                self.closes = mayClose && Int.random(in: 0..<8, using: &random) == 0
                var (framing, bytes) = random.framed(self.body)
                if self.closes { (framing, bytes) = ("Connection: close", self.body) }
                let head = ([startLine] + self.fields + [fixed, framing]).joined(separator: "\r\n") + "\r\n\r\n"
                self.wire = Array(head.utf8) + bytes
                self.cuts = random.cuts(self.wire.count)
            }
        }

        private static func expect(_ message: Message, is part: Part, _ number: String) {
            #expect(message.body == part.body, "body of \(number)")
            let seen = message.fields.filter { $0.name.hasPrefix("X-Field-") }.map { "\($0.name): \($0.value)" }
            #expect(seen == part.fields, "fields of \(number)")
        }

        @Test(arguments: 1...UInt64(Thoroughness.count(3, thorough: 8)))
        func `nothing is lost, changed or mixed up`(_ seed: UInt64) async throws {
            var random = Random(seed: seed)
            let methods = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "FANCY"]
            let exchanges = (0..<60).map { number in
                (
                    request: Part(
                        startLine:
                            "\(methods.randomElement(using: &random) ?? "GET") /\(number)?a=\(random.next()) HTTP/1.1",
                        fixed: "Host: a.example",
                        mayClose: false,
                        &random
                    ),
                    answer: Part(startLine: "HTTP/1.1 200 OK", fixed: "X-Number: \(number)", mayClose: true, &random)
                )
            }
            let script: ScriptedUpstream.Script = { session in
                while true {
                    let request = try await session.request()
                    let number = try #require(Int(request.target.dropFirst().prefix { $0 != "?" }))
                    Self.expect(request, is: exchanges[number].request, "request \(number)")
                    let answer = exchanges[number].answer
                    try await session.connection.send(answer.wire, splitAt: answer.cuts)
                    if answer.closes { return }
                }
            }
            try await withProxy(script, upstream: "max_connections = 2\nqueue = \"20s\"", workers: 2) { gateway, _ in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for lane in 0..<3 {
                        group.addTask {
                            let client = try await gateway.connect()
                            let mine = stride(from: lane, to: exchanges.count, by: 3)
                            // Pipelined: requests are sent without waiting for responses.
                            async let sent: Void = {
                                for number in mine {
                                    let request = exchanges[number].request
                                    try await client.send(request.wire, splitAt: request.cuts)
                                }
                            }()
                            for number in mine {
                                let response = try await client.response()
                                try #require(response["X-Number"] == "\(number)")
                                Self.expect(response, is: exchanges[number].answer, "response \(number)")
                            }
                            try await sent
                            client.close()
                        }
                    }
                    try await group.waitForAll()
                }
            }
        }
    }
}
