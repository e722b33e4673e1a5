import Foundation
import Logging
import NIOCore
import Testing

@testable import GatewayAccess
@testable import GatewayCore
@testable import GatewayMiddlewares
@testable import GatewaySettings

@Suite struct BasicUsersSourceTests {
    private static let hash = "$2y$04$jZ9TyE.Vo80JId/xauRzX.GQ3u6ZVnvhM64e89fr1BoZSkzNdeRVe"
    private static let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func withFile<R>(_ text: String, _ body: (String) throws -> R) throws -> R {
        let path = NSTemporaryDirectory() + "users-\(UUID().uuidString)"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try body(path)
    }

    private func file(
        at path: String,
        users: [String: UserConfiguration] = [:],
        shared: SharedState = SharedState()
    ) throws -> WatchedFile<BasicUsers> {
        var settings = BasicConfiguration()
        settings.file = path
        settings.users = users
        let source = try BasicUsers.source(settings, in: ConfigurationFolder(), shared: shared, log: Self.log)
        guard case .file(let file) = source else { throw FileProblem("there is no file") }
        return file
    }

    @Test
    func `a new file has its users at once, and nothing that was remembered`() throws {
        try self.withFile("ann:\(Self.hash)\n") { path in
            let file = try self.file(at: path)
            var reader = file.makeReader()
            let before = reader.current
            #expect(before.callers.map(\.name) == ["ann"])
            let pair = Array("YW5uOnNlY3JldA==".utf8).withUnsafeBytes { before.digest($0) }
            before.remember(pair, .right(0), at: .now())
            #expect(before.recall(pair, at: .now()) != .unknown)

            try "bob:\(Self.hash)\nann:\(Self.hash)".write(toFile: path, atomically: true, encoding: .utf8)
            try file.read()
            let after = reader.current
            #expect(after.callers.map(\.name) == ["bob", "ann"])
            let again = Array("YW5uOnNlY3JldA==".utf8).withUnsafeBytes { after.digest($0) }
            #expect(again != pair)
            #expect(after.recall(pair, at: .now()) == .unknown && after.recall(again, at: .now()) == .unknown)
            #expect(after.callers[1].consumer === before.callers[0].consumer)
        }
    }

    @Test
    func `a broken file changes nothing, and its problem shows no hash`() throws {
        try self.withFile("ann:\(Self.hash)\n") { path in
            let file = try self.file(at: path)
            try "ann:\(Self.hash)\nbob:{SHA}secret=".write(toFile: path, atomically: true, encoding: .utf8)
            #expect(
                throws: FileProblem(
                    "line 2: the password of \"bob\" is a SHA-1 hash, which is easy to guess",
                    suggestion: "run `htpasswd -B FILE NAME`"
                )
            ) { try file.read() }
            #expect(file.contents.callers.map(\.name) == ["ann"])
        }
    }

    @Test
    func `the file adds to the users of the configuration, and must not repeat them`() throws {
        let own = UserConfiguration(try #require(PasswordHash(Self.hash)))
        try self.withFile("bob:\(Self.hash)") { path in
            let file = try self.file(at: path, users: ["ann": own])
            #expect(file.contents.callers.map(\.name) == ["ann", "bob"])
            #expect(throws: FileProblem.self) {
                try self.file(at: path, users: ["bob": own])
            }
        }
    }

    @Test
    func `the same settings have the same users, others have others`() throws {
        let shared = SharedState()
        var settings = BasicConfiguration()
        settings.users = ["ann": UserConfiguration(try #require(PasswordHash(Self.hash)))]
        func users() throws -> BasicUsers {
            try BasicUsers.source(settings, in: ConfigurationFolder(), shared: shared, log: Self.log).users
        }
        let first = try users()
        #expect(try users() === first)
        settings.users["ann"]?.plan = "gold"
        #expect(try users() !== first)
        #expect(shared.consumers.listed.map(\.name) == ["ann"])
    }
}
