import Foundation
import Logging
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import Gateway
@testable import GatewayCore

final class LogWriterTests {
    private let directory: String

    init() throws {
        directory = NSTemporaryDirectory() + "gateway-log-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    deinit {
        for path in [directory, directory + ".moved"] { try? FileManager.default.removeItem(atPath: path) }
    }

    private var path: String { directory + "/access.log" }

    private func contents(_ path: String) -> String {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    private func onLoop(_ body: @escaping @Sendable (any EventLoop) -> Void) async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        try await loop.submit { body(loop) }.get()
    }

    @Test func `lines of all loops are written without mixing`() async throws {
        let writer = try LogWriter(.file(path))
        let count = 5000
        for number in 0..<3 {
            try await onLoop { loop in
                let sink = writer.makeSink(on: loop)
                for line in 0..<count { sink.write { $0.writeString("\(number) \(line)") } }
            }
        }
        #expect(await writer.close(within: .seconds(30)))
        let lines = contents(path).split(separator: "\n")
        for number in 0..<3 {
            #expect(lines.filter { $0.hasPrefix("\(number) ") } == (0..<count).map { "\(number) \($0)" })
        }
        #expect(lines.count == 3 * count)
        #expect(writer.droppedLines.value == 0)
    }

    @Test func `a rotated file is reopened`() async throws {
        let writer = try LogWriter(.file(path))
        writer.append(ByteBuffer(string: "one\n"), count: 1)
        #expect(await writer.flush(within: .seconds(30)))
        try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
        writer.append(ByteBuffer(string: "two\n"), count: 1)
        try await writer.reopen()
        writer.append(ByteBuffer(string: "three\n"), count: 1)
        await writer.close(within: .seconds(30))
        #expect(contents(path + ".1") == "one\ntwo\n")
        #expect(contents(path) == "three\n")
    }

    @Test func `the old file is kept if the new one cannot be opened`() async throws {
        let writer = try LogWriter(.file(path))
        try FileManager.default.moveItem(atPath: directory, toPath: directory + ".moved")
        await #expect(throws: LogDestinationError.self) { try await writer.reopen() }
        writer.append(ByteBuffer(string: "still\n"), count: 1)
        await writer.close(within: .seconds(30))
        #expect(contents(directory + ".moved/access.log") == "still\n")
    }

    @Test func `a file that cannot be opened is reported with the reason`() {
        let error = #expect(throws: LogDestinationError.self) { try LogWriter(.file("/nowhere/access.log")) }
        #expect(error?.description.contains("cannot open the log file /nowhere/access.log: No such file") == true)
    }

    @Test func `a pipe without a reader is an error`() {
        #expect(mkfifo(path, 0o600) == 0)
        let error = #expect(throws: LogDestinationError.self) { try LogWriter(.file(path)) }
        #expect(error?.description.contains("nobody reads from this pipe; start its reader first") == true)
    }

    @Test func `lines that exceed the queue are dropped and counted`() async throws {
        let writer = try LogWriter(.file(path), limit: 10)
        writer.append(ByteBuffer(string: "a line too long\nand one\n"), count: 2)
        writer.append(ByteBuffer(string: "short\n"), count: 1)
        await writer.close(within: .seconds(30))
        #expect(contents(path) == "short\n")
        #expect(writer.droppedLines.value == 2)
        writer.append(ByteBuffer(string: "late\n"), count: 1)
        #expect(writer.droppedLines.value == 3)
        #expect(await writer.flush(within: .seconds(30)))
        try await writer.reopen()
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full")))
    func `lines that a full disk rejects are dropped and counted`() async throws {
        let writer = try LogWriter(.file("/dev/full"))
        writer.append(ByteBuffer(string: "a\nb\n"), count: 2)
        await writer.close(within: .seconds(30))
        #expect(writer.droppedLines.value == 2)
    }

    @Test func `a flush to a stalled reader times out`() async throws {
        let pipe = Pipe()
        let writer = try LogWriter(.descriptor(pipe.fileHandleForWriting.fileDescriptor))
        // More than a pipe can hold.
        let lines = ByteBuffer(repeating: 0x0A, count: 1 << 20)
        writer.append(lines, count: 1 << 20)
        #expect(await !writer.flush(within: .milliseconds(1)))
        var rest = lines.readableBytes
        while rest > 0 { rest -= pipe.fileHandleForReading.availableData.count }
        #expect(await writer.close(within: .seconds(30)))
        #expect(writer.droppedLines.value == 0)
    }

    @Test func `operational lines are written as JSON`() async throws {
        let writer = try LogWriter(.file(path))
        var logger = Logger(label: "gateway") { _ in GatewayLogHandler(.json, to: writer, clock: { 1_004 }) }
        logger[metadataKey: "level"] = "mine"
        logger.warning("half\n\"done\"", metadata: ["targets": ["a", ["b": "\(1)"]], "n": "\u{1B}"])
        logger.debug("not shown")
        await writer.close(within: .seconds(30))
        let expected =
            #"{"time":"1970-01-01T00:00:01.004Z","level":"warning","message":"half\u000a\"done\"","#
            + #""_level":"mine","n":"\u001b","targets":["a",{"b":"1"}]}"#
        #expect(contents(path) == expected + "\n")
    }

    @Test func `operational lines are written as text`() async throws {
        let writer = try LogWriter(.file(path))
        for isColored in [false, true] {
            let handler = GatewayLogHandler(.text, to: writer, isColored: isColored, clock: { 1_004 })
            Logger(label: "gateway") { _ in handler }.error("refused\n", metadata: ["file": "a b"])
        }
        await writer.close(within: .seconds(30))
        #expect(
            contents(path) == """
                1970-01-01T00:00:01.004Z ERROR refused\\x0a file="a b"
                1970-01-01T00:00:01.004Z \u{1B}[31mERROR\u{1B}[0m refused\\x0a file="a b"

                """
        )
    }
}
