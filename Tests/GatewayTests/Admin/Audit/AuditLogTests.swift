import Foundation
import GatewaySettings
import NIOConcurrencyHelpers
import Testing

@testable import GatewayAdmin
@testable import GatewayCore
@testable import GatewayHTTP

struct AuditLogTests {
    @Test func `memory keeps the last 1,000 entries without a file`() async throws {
        let log = AuditLog()
        for number in 1...1002 { try await log.act("\(number)") }
        #expect(await log.entries(after: 0, limit: 5000).count == 1000)
        #expect(await log.entries(after: 0, limit: 1).first?.seq == 3)
        #expect(await log.entries(after: 1000, limit: 10).map(\.seq) == [1001, 1002])
        #expect(await log.entries(after: 1002, limit: 10).isEmpty)
    }

    @Test func `a file has a line for each act, and is readable for its owner only`() async throws {
        let folder = try AuditFolder()
        let log = AuditLog(folder.settings())
        await log.open()
        try await log.act("a")
        try await log.act("b")
        #expect(try folder.verified("audit.jsonl").count == 2)
        let attributes = try FileManager.default.attributesOfItem(atPath: folder.file)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
    }

    @Test func `a restart continues the chain and shows the entries before`() async throws {
        let folder = try AuditFolder()
        for name in ["a", "b", "c"] {
            let log = AuditLog(folder.settings())
            await log.open()
            try await log.act(name)
            await log.stop()
        }
        let log = AuditLog(folder.settings())
        await log.open()
        #expect(await log.targets == ["a", "b", "c"])
        #expect(try folder.verified("audit.jsonl").count == 3)
    }

    @Test func `a line that was not finished is cut off`() async throws {
        let folder = try AuditFolder()
        let log = AuditLog(folder.settings())
        try await log.act("a")
        try await log.act("b")
        let whole = folder.text()
        let end = whole.split(separator: "\n")[0].count + 1
        for cut in [end, end + 1, end + 8, whole.count - 1] {
            try folder.write(String(whole.prefix(cut)))
            let next = AuditLog(folder.settings())
            await next.open()
            #expect(folder.text() == String(whole.prefix(end)))
            try await next.act("c")
            #expect(try folder.verified("audit.jsonl").count == 2)
        }
    }

    @Test(arguments: ["no audit log\n", "no audit log", "\n", "{\"seq\":1}\n", "x\n{\"seq\":1,"])
    func `a file with other contents is left alone, and acts are refused`(text: String) async throws {
        let folder = try AuditFolder()
        try folder.write(text)
        let log = AuditLog(folder.settings())
        await log.open()
        await #expect(throws: AuditFailure.self) { try await log.act("a") }
        #expect(folder.text() == text)
    }

    @Test func `only the end of a long file is read`() async throws {
        let folder = try AuditFolder()
        var chain = AuditChain()
        let line = chain.link(AuditEntry(.purgeCache, by: .program, target: "a"))
        let text = String(repeating: "x", count: 2 << 20) + "\n" + String(decoding: line.bytes, as: UTF8.self) + "\n"
        try folder.write(text)
        let log = AuditLog(folder.settings())
        await log.open()
        try await log.act("b")
        #expect(folder.text().hasPrefix(text))
        #expect(await log.targets == ["a", "b"])
        try folder.write(String(repeating: "x", count: 2 << 20))
        await #expect(throws: AuditFailure.self) { try await AuditLog(folder.settings()).act("c") }
    }

    // MARK: Rotation

    @Test func `rotation continues the chain in a new file, also after a restart`() async throws {
        let folder = try AuditFolder()
        let log = AuditLog(folder.settings())
        try await log.act("a")
        try folder.move(to: "audit.jsonl.1")
        await log.reopen()
        await log.reopen()
        let next = AuditLog(folder.settings())
        await next.open()
        try await next.act("b")
        let lines = try folder.verified("audit.jsonl.1", "audit.jsonl")
        #expect(lines.count == 3)
        #expect(lines[1].contains("\"action\":\"audit.reopen\""))
    }

    @Test func `a file that was moved or deleted is made anew with the next act`() async throws {
        let folder = try AuditFolder()
        let log = AuditLog(folder.settings())
        try await log.act("a")
        try folder.move(to: "1")
        try await log.act("b")
        #expect(try folder.verified("1", "audit.jsonl").count == 2)
        try FileManager.default.removeItem(atPath: folder.file)
        try await log.act("c")
        #expect(try folder.verified("audit.jsonl").count == 1)
        #expect(await log.targets == ["a", "b", "c"])
    }

    @Test func `a file that was truncated continues the chain`() async throws {
        let folder = try AuditFolder()
        let log = AuditLog(folder.settings())
        try await log.act("a")
        let copy = folder.text()
        try folder.write(copy, to: "1")
        let handle = try #require(FileHandle(forWritingAtPath: folder.file))
        try handle.truncate(atOffset: 0)
        try await log.act("b")
        #expect(try folder.verified("1", "audit.jsonl").count == 2)
    }

    @Test func `a reload moves to another file and keeps the chain`() async throws {
        let folder = try AuditFolder()
        let log = AuditLog(folder.settings())
        try await log.act("a")
        await log.configure(folder.settings { $0.file = folder.path + "/new.jsonl" })
        try await log.act("b")
        #expect(try folder.verified("audit.jsonl", "new.jsonl").count == 2)
        await log.configure(AuditConfiguration())
        try await log.act("c")
        #expect(try folder.verified("audit.jsonl", "new.jsonl").count == 2)
        #expect(await log.targets == ["a", "b", "c"])
    }

    // MARK: Several

    @Test func `two processes share a file without forking the chain`() async throws {
        let folder = try AuditFolder()
        let logs = [AuditLog(folder.settings()), AuditLog(folder.settings())]
        // An act is refused if a slow disk makes the other process keep its lock for long.
        let before = await Self.recorded(20, by: logs)
        #expect(before > 0)
        #expect(try folder.verified("audit.jsonl").count == before)
        try folder.move(to: "1")
        let after = await Self.recorded(10, by: logs)
        #expect(after > 0)
        #expect(try folder.verified("1", "audit.jsonl").count == before + after)
    }

    /// Lets the logs record acts at the same time. Returns how many were recorded.
    private static func recorded(_ count: Int, by logs: [AuditLog]) async -> Int {
        await withTaskGroup(of: Int.self) { group in
            for number in 0..<count {
                group.addTask { (try? await logs[number % logs.count].act("\(number)")) == nil ? 0 : 1 }
            }
            return await group.reduce(0, +)
        }
    }

    @Test func `acts happen one after the other, in the order of their numbers`() async throws {
        let log = AuditLog()
        let done = NIOLockedValueBox<[Int]>([])
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<100 {
                group.addTask {
                    try? await log.perform(
                        .admin,
                        AuditEntry(
                            .weighTarget,
                            by: .program,
                            before: .integer(done.withLockedValue(\.count)),
                            after: .integer(number)
                        )
                    ) {
                        await Task.yield()
                        done.withLockedValue { $0.append(number) }
                    }
                }
            }
        }
        for (index, line) in await log.entries(after: 0, limit: 100).enumerated() {
            let text = String(decoding: line.bytes, as: UTF8.self)
            let number = done.withLockedValue { $0[index] }
            #expect(text.contains("\"before\":\(index),\"after\":\(number),"))
        }
    }

    // MARK: Failures

    @Test func `an act that cannot be recorded does not happen`() async throws {
        let folder = try AuditFolder()
        for file in ["/dev/full", folder.path + "/missing/audit.jsonl", folder.path] {
            let log = AuditLog(folder.settings { $0.file = file })
            await log.open()
            let happened = NIOLockedValueBox(false)
            await #expect(throws: AuditFailure.self) {
                try await log.perform(.admin, AuditEntry(.purgeCache, by: .program)) {
                    happened.withLockedValue { $0 = true }
                }
            }
            #expect(!happened.withLockedValue { $0 })
            #expect(await log.entries(after: 0, limit: 10).isEmpty)
        }
    }

    @Test func `what is not required happens, and is written once it can be`() async throws {
        let folder = try AuditFolder()
        let missing = folder.path + "/missing"
        let log = AuditLog(
            folder.settings {
                $0.file = missing + "/audit.jsonl"
                $0.required = false
            }
        )
        try await log.act("a")
        try await log.act("b")
        #expect(await log.targets == ["a", "b"])
        try FileManager.default.createDirectory(atPath: missing, withIntermediateDirectories: false)
        try await log.act("c")
        #expect(try folder.verified("missing/audit.jsonl").count == 3)
        #expect(await log.targets == ["a", "b", "c"])
    }

    @Test func `acts succeed again once the file can be written`() async throws {
        let folder = try AuditFolder()
        let log = AuditLog(folder.settings())
        try await log.act("a")
        let whole = folder.text()
        try folder.write(whole + "something else\n")
        await #expect(throws: AuditFailure.self) { try await log.act("b") }
        try folder.write(whole)
        try await log.act("c")
        #expect(try folder.verified("audit.jsonl").count == 2)
    }

    @Test func `events that are not listed are neither recorded nor refused`() async throws {
        let folder = try AuditFolder()
        let log = AuditLog(
            folder.settings {
                $0.file = "/dev/full"
                $0.events = [.config]
            }
        )
        try await log.act("a")
        #expect(await log.entries(after: 0, limit: 10).isEmpty)
    }
}
