import GatewaySettings
import Testing

@testable import GatewayAdmin

/// The lines and hashes were computed by a separate program.
struct AuditChainTests {
    static let first = """
        {"seq":1,"time":"1970-01-01T00:00:00.000Z","actor":"local","address":"127.0.0.1","action":"cache.purge","target":null,\
        "before":null,"after":{"tag":"news"},"result":"ok","request_id":"r-1",\
        "previous":"0000000000000000000000000000000000000000000000000000000000000000",\
        "hash":"b96dc4569eb251d0c0c85682c440fbe8c76edc4e40fddacedff00d0fc6fa1512"}
        """
    static let second = """
        {"seq":2,"time":"2026-11-30T12:00:00.000Z","actor":"signal","address":null,"action":"config.reload","target":null,\
        "before":null,"after":null,"result":"ok","request_id":null,\
        "previous":"b96dc4569eb251d0c0c85682c440fbe8c76edc4e40fddacedff00d0fc6fa1512",\
        "hash":"e596f73fda6d1f0d9eb43c691549a4eba25a9b16b25197bd155ce079547b3801"}
        """

    private static func purge() -> AuditEntry {
        let actor = AuditActor(name: "local", address: "127.0.0.1", requestID: "r-1")
        return AuditEntry(.purgeCache, by: actor, after: ["tag": "news"])
    }

    private static func text(_ line: AuditLine) -> String { String(decoding: line.bytes, as: UTF8.self) }

    @Test func `links each entry to the hash of the one before`() {
        var chain = AuditChain()
        #expect(Self.text(chain.link(Self.purge())) == Self.first)
        var reload = AuditEntry(.reload, by: .signal)
        reload.time = 1_796_040_000_000
        #expect(Self.text(chain.link(reload)) == Self.second)
        #expect(chain.seq == 2)
    }

    @Test func `continues after a line that was read`() throws {
        var chain = AuditChain()
        chain.follow(try #require(AuditLine(Self.first.utf8)))
        var reload = AuditEntry(.reload, by: .signal)
        reload.time = 1_796_040_000_000
        #expect(Self.text(chain.link(reload)) == Self.second)
    }

    @Test func `escapes what clients choose and bounds its length`() throws {
        var entry = Self.purge()
        entry.target = "a\u{0}\n\"\\\u{1B}[2J\u{7F}"
        entry.actor.requestID = String(repeating: "x", count: 1000)
        entry.after = .string(String(repeating: "y", count: 40_000))
        var chain = AuditChain()
        let text = Self.text(chain.link(entry))
        #expect(text.contains(#""target":"a\u0000\n\"\\\u001B[2J\u007F""#))
        #expect(text.contains("\"\(String(repeating: "x", count: 256))…\""))
        #expect(text.contains(#""after":{"omitted_bytes":40002}"#))
        #expect(!text.contains("\n"))
    }

    @Test(
        arguments: [
            "", "{}", "{\"seq\":1}", AuditChainTests.first.replacing("\"seq\":1", with: "\"seq\":-1"),
            AuditChainTests.first.replacing("\"seq\":1", with: "\"seq\":99999999999999999999"),
            AuditChainTests.first + " ", AuditChainTests.first.replacing("fc6fa1512", with: "FC6FA1512"),
            String(AuditChainTests.first.dropLast(100)), String(AuditChainTests.first.dropFirst()),
        ]
    )
    func `other lines are no entries`(text: String) { #expect(AuditLine(text.utf8) == nil) }
}
