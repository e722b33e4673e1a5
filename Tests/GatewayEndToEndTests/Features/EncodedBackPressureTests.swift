import NIOCore
import Testing

@testable import Gateway
@testable import GatewayCore

extension EndToEnd {
    /// Encoded responses whose encoder produces more at once than the client's socket buffer accepts.
    @Suite struct EncodedBackPressureTests {
        enum Ending: String, CaseIterable, Sendable {
            /// The upstream connection stays open.
            case kept
            /// The upstream connection closes after the response.
            case closed
            /// The upstream sends more than was requested.
            case extra
        }

        /// Text that hardly compresses, so that encoders produce much at once.
        private static func text(_ size: Int) -> String {
            var random = SplitMix64(seed: 11)
            let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
            return String(decoding: (0..<size).map { _ in letters[Int(random.next() >> 58)] }, as: UTF8.self)
        }

        @Test(arguments: ["br", "gzip", "deflate"], Ending.allCases)
        func `the response arrives completely`(_ coding: String, _ ending: Ending) async throws {
            for size in [500_000, 300_000, 1_000_000].prefix(Thoroughness.count(1, thorough: 3)) {
                let text = Self.text(size)
                let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: \(size)\r\n"
                let script = playing { session in
                    _ = try await session.request()
                    switch ending {
                    case .kept:
                        try await session.send(head + "\r\n" + text)
                        _ = try await session.request()
                    case .closed: try await session.send(head + "Connection: close\r\n\r\n" + text)
                    case .extra:
                        try await session.send(head + "\r\n" + text + ok("somebody else's"))
                        _ = try await session.request()
                    }
                }
                let algorithms = "[middleware.compression]\nalgorithms = [\"\(coding)\"]"
                try await withProxy(script, more: algorithms) { gateway, _ in
                    let client = try await gateway.connect()
                    defer { client.close() }
                    try await client.send("GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: \(coding)\r\n\r\n")
                    let response = try await client.finalResponse()
                    #expect(response["Content-Encoding"] == coding)
                    #expect(response.decoded == text)
                }
            }
        }
    }
}
