import Testing

@testable import GatewayAdmin

struct AuditVerificationTests {
    private static let lines = AuditVerificationTests.chain(4)

    private static func chain(_ count: Int) -> [[UInt8]] {
        var chain = AuditChain()
        return (0..<count).map { index in
            chain.link(AuditEntry(.purgeCache, by: .signal, target: "tag \(index)")).bytes
        }
    }

    private static func verify(_ files: [[UInt8]]...) -> AuditVerification.Break? {
        var verification = AuditVerification()
        do throws(AuditVerification.Break) {
            for (index, lines) in files.enumerated() {
                verification.begin(file: "\(index).jsonl")
                for line in lines { try verification.next(line) }
            }
            return nil
        } catch {
            return error
        }
    }

    @Test func `a whole chain has a first and a last entry`() throws {
        var verification = AuditVerification()
        verification.begin(file: "audit.jsonl")
        for line in Self.lines { try verification.next(line) }
        #expect(verification.first == 1)
        #expect(verification.entries == 4)
        #expect(verification.chain.seq == 4)
        #expect(verification.chain.hash == AuditLine(Self.lines[3])?.hash)
    }

    @Test func `a chain continues in the next file, and older files may be missing`() {
        #expect(Self.verify(Array(Self.lines[..<2]), [], Array(Self.lines[2...])) == nil)
        #expect(Self.verify(Array(Self.lines[2...])) == nil)
    }

    @Test func `a change of any byte breaks the chain in its line`() {
        for position in Self.lines[1].indices {
            for change: UInt8 in [0x01, 0x20, 0x80] {
                var lines = Self.lines
                lines[1][position] ^= change
                #expect(Self.verify(lines)?.line == 2, "byte \(position)")
            }
        }
    }

    @Test func `names the file and the line of a missing, repeated or exchanged entry`() {
        var lines = Self.lines
        lines.remove(at: 1)
        let missing = Self.verify(Array(lines[..<1]), Array(lines[1...]))
        #expect(missing?.description == "1.jsonl:1: seq 3: expected seq 2: entries are missing, or in another order")
        #expect(Self.verify(Self.lines + [Self.lines[3]])?.line == 5)
        lines = Self.lines
        lines.swapAt(1, 2)
        #expect(Self.verify(lines)?.line == 2)
    }

    @Test func `an entry that was replaced with a right hash breaks the chain`() throws {
        var lines = Self.lines
        let first = try #require(AuditLine(lines[0]))
        lines[1] = AuditLine(AuditEntry(.reload, by: .signal), seq: 2, previous: first.hash).bytes
        #expect(Self.verify(lines)?.line == 3)
        lines = Self.lines
        lines[0] = AuditLine(AuditEntry(.reload, by: .signal), seq: 1, previous: first.hash).bytes
        #expect(Self.verify(lines)?.line == 1)
    }

    @Test func `reports the start of a line`() throws {
        var verification = AuditVerification()
        verification.begin(file: "audit.jsonl")
        try verification.next(Self.lines[0])
        #expect(verification.torn().description == "audit.jsonl:2: the line is incomplete")
    }
}
