import Gateway
import Testing

@testable import GatewayCore
@testable import GatewayMiddlewares
@testable import GatewaySettings

extension EndToEnd {
    /// Numbers that a file may contain but that no counter ever reaches.
    @Suite struct HugeSettingTests {
        struct Example: Sendable, CustomTestStringConvertible {
            var key: String
            var value: String
            var testDescription: String { "\(self.key) = \(self.value)" }
        }

        private static let values: [SettingValue] = [
            .integer(.max), .integer(.min), .integer(0), .number(1e308), .number(-1e308),
            .number(.leastNonzeroMagnitude),
            "9223372036854775807B", "0B", "9223372036854775807ns", "0s", "9223372036854775807/second", "1/day",
            "9223372036854775807B/second", "0B/second", "1B/day",
        ]

        static let examples: [Example] = {
            var tables: [(String, SettingTableSchema)] = [
                ("server", .init(of: ServerConfiguration())), ("log", .init(of: LogConfiguration())),
                ("metrics", .init(of: MetricsConfiguration())), ("upstreams.api", .init(of: UpstreamConfiguration())),
            ]
            for middleware in MiddlewareList.standard.descriptions {
                tables.append(("middleware.\(middleware.name)", .init(of: middleware.defaults)))
            }
            return tables.flatMap { Self.examples(of: $0.1, at: $0.0) }
        }()

        private static func examples(of table: SettingTableSchema, at path: String) -> [Example] {
            table.fields.flatMap { field -> [Example] in
                let key = "\(path).\(field.key)"
                // The test must terminate.
                guard key != "server.drain_delay" else { return [] }
                switch field.schema {
                case .table(let inner): return self.examples(of: inner, at: key)
                case .leaf(let type) where type != String.self:
                    return self.values.filter { (try? type.init(setting: $0)) != nil }
                        .map { Example(key: key, value: $0.quoted) }
                default: return []
                }
            }
        }

        @Test(arguments: Thoroughness.sample(Self.examples))
        func `is rejected or harmless`(example: Example) async throws {
            try await withUpstream(serving { _ in ok(String(repeating: "x", count: 4096), "ETag: \"a\"") }) {
                upstream in
                let toml = """
                    upstreams.api.targets = ["\(upstream.url)"]
                    \(Self.required(by: example.key))
                    \(example.key) = \(example.value)
                    [[routes]]
                    path = "/*"
                    upstream = "api"
                    """
                do {
                    try await withGateway(toml) { try await Self.use($0) }
                } catch let errors as ConfigurationErrors {
                    #expect(errors.errors.allSatisfy { $0.line == 3 }, "\(errors)")
                }
            }
        }

        /// One line with what the table of a setting needs, or with a limit whose settings would have no effect without it.
        private static func required(by key: String) -> String {
            if key.hasPrefix("middleware.mirror.") { return "middleware.mirror.upstream = \"api\"" }
            return key.hasSuffix(".limit") ? "" : "middleware.rate_limit.limit = \"100/second\""
        }

        /// Any response is acceptable.
        private static func use(_ gateway: RunningGateway) async throws {
            let client = try await gateway.connect()
            defer { client.close() }
            let body = String(repeating: "y", count: 16_384)
            for _ in 0..<3 {
                try? await client.send(
                    "POST / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\nContent-Length: 16384\r\n\r\n"
                )
                // Sent separately, because the gateway counts the parts of a body.
                try? await client.send(body)
                guard (try? await client.finalResponse()) != nil else { return }
            }
        }
    }
}

extension SettingTableSchema {
    fileprivate init(of defaults: any Encodable) { self = SettingSchema.of(defaults) }
}
