import Foundation
import GatewayCore
import Logging
import NIOConcurrencyHelpers
import NIOCore
import Testing

struct WatchedFileTests {
    private final class Words: Sendable {
        let all: [String]
        init(_ text: String) { self.all = text.split(separator: " ").map(String.init) }
    }

    /// A file that is looked at every 500 milliseconds of a clock that only the test moves.
    private final class Fixture {
        let path: String
        let lines = NIOLockedValueBox<[String]>([])
        let shared = SharedState()
        private var now = NIODeadline.uptimeNanoseconds(0)
        private let folder: String
        private var writes = 0

        init(_ text: String) throws {
            self.folder = NSTemporaryDirectory() + "gateway-file-\(UUID().uuidString)"
            try FileManager.default.createDirectory(atPath: self.folder, withIntermediateDirectories: true)
            self.path = self.folder + "/words"
            try self.write(text)
        }

        deinit { try? FileManager.default.removeItem(atPath: self.folder) }

        /// Replaces the file, as an editor does. Each version has another time.
        func write(_ text: String, to name: String = "words") throws {
            self.writes += 1
            let path = self.folder + "/" + name
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSince1970: TimeInterval(self.writes))],
                ofItemAtPath: path
            )
        }

        func link(to name: String) throws {
            try? FileManager.default.removeItem(atPath: self.path)
            try FileManager.default.createSymbolicLink(atPath: self.path, withDestinationPath: self.folder + "/" + name)
        }

        func open(_ key: String = "words", isReadAgain: Bool = false) throws -> WatchedFile<Words> {
            try self.shared.file(
                key,
                at: self.path,
                name: "words",
                isReadAgain: isReadAgain,
                log: Logger(label: "test") { [lines] _ in Recorder(lines: lines) }
            ) { text throws(FileProblem) in
                if text.contains("bad") { throw FileProblem("line 1: a bad word") }
                return Words(text)
            }
        }

        /// Looks twice, as a change must rest.
        func look(_ file: WatchedFile<Words>) {
            for _ in 0..<2 {
                self.now = self.now + .milliseconds(500)
                file.look(at: self.now)
            }
        }
    }

    private struct Recorder: LogHandler {
        let lines: NIOLockedValueBox<[String]>
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { self.metadata[key] }
            set { self.metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let reason = event.metadata?["reason"].map { ": \($0)" } ?? ""
            self.lines.withLockedValue { $0.append("\(event.message)\(reason)") }
        }
    }

    @Test func `all readers get new contents at once`() throws {
        let fixture = try Fixture("one two")
        let file = try fixture.open()
        var readers = [file.makeReader(), file.makeReader()]
        #expect(readers[0].current.all == ["one", "two"])
        try fixture.write("three")
        fixture.look(file)
        #expect(readers.indices.map { readers[$0].current.all } == [["three"], ["three"]])
    }

    @Test func `a change counts once it has rested`() throws {
        let fixture = try Fixture("one")
        let file = try fixture.open()
        try fixture.write("two")
        file.look(at: .uptimeNanoseconds(0))
        #expect(file.contents.all == ["one"])
        file.look(at: .uptimeNanoseconds(1_000_000_000))
        #expect(file.contents.all == ["two"])
    }

    @Test func `a broken file is logged once and changes nothing`() throws {
        let fixture = try Fixture("one")
        let file = try fixture.open()
        try fixture.write("bad")
        for _ in 0..<3 { fixture.look(file) }
        #expect(file.contents.all == ["one"])
        #expect(
            fixture.lines.withLockedValue { $0 } == [
                "file rejected; its previous contents stay in use: line 1: a bad word"
            ]
        )
        try fixture.write("good")
        fixture.look(file)
        #expect(file.contents.all == ["good"])
    }

    @Test func `a file that vanishes keeps its contents`() throws {
        let fixture = try Fixture("one")
        let file = try fixture.open()
        try FileManager.default.removeItem(atPath: fixture.path)
        fixture.look(file)
        #expect(file.contents.all == ["one"])
        try fixture.write("two")
        fixture.look(file)
        #expect(file.contents.all == ["two"])
    }

    @Test func `a link that leads elsewhere is a change`() throws {
        let fixture = try Fixture("one")
        try fixture.write("first", to: "a")
        try fixture.write("second", to: "b")
        try fixture.link(to: "a")
        let file = try fixture.open()
        #expect(file.contents.all == ["first"])
        try fixture.link(to: "b")
        fixture.look(file)
        #expect(file.contents.all == ["second"])
    }

    @Test func `plans that ask for the same file share it, and a reload reads it again`() throws {
        let fixture = try Fixture("one")
        let file = try fixture.open()
        try fixture.write("two")
        #expect(try fixture.open() === file)
        #expect(file.contents.all == ["one"])
        #expect(try fixture.open(isReadAgain: true) === file)
        #expect(file.contents.all == ["two"])
        #expect(try fixture.open("others") !== file)
    }

    @Test func `a file that cannot be used at the start is a mistake`() throws {
        let fixture = try Fixture("bad")
        #expect(throws: FileProblem("line 1: a bad word")) { try fixture.open() }
        try FileManager.default.removeItem(atPath: fixture.path)
        let problem = #expect(throws: FileProblem.self) { try fixture.open() }
        #expect(problem?.reason == "no such file")
    }
}
