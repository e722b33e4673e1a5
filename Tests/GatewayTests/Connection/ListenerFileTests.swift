import FoundationEssentials
import NIOCore
import Testing

@testable import GatewayCore

/// The file of a Unix socket that the gateway opens.
struct ListenerFileTests {
    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = "/tmp/gateway-\(UInt32.random(in: .min ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    @Test func `its file is removed`() throws {
        try self.withFolder { folder in
            let file = try ListenerFile(binding: "\(folder)/socket")
            defer { Platform.close(file.descriptor) }
            #expect(FileManager.default.fileExists(atPath: "\(folder)/socket"))
            file.remove()
            #expect(!FileManager.default.fileExists(atPath: "\(folder)/socket"))
            file.remove()
        }
    }

    @Test func `the file of another socket is replaced, and not removed by the first one`() throws {
        try self.withFolder { folder in
            let first = try ListenerFile(binding: "\(folder)/socket")
            let second = try ListenerFile(binding: "\(folder)/socket")
            defer { for file in [first, second] { Platform.close(file.descriptor) } }
            first.remove()
            #expect(FileManager.default.fileExists(atPath: "\(folder)/socket"))
            second.remove()
            #expect(!FileManager.default.fileExists(atPath: "\(folder)/socket"))
        }
    }

    @Test func `a file that is not a socket stays`() throws {
        try self.withFolder { folder in
            try Data("text".utf8).write(to: URL(filePath: "\(folder)/file"))
            #expect(throws: ListenerFile.IsNotSocket.self) { try ListenerFile(binding: "\(folder)/file") }
            #expect(FileManager.default.contents(atPath: "\(folder)/file") == Data("text".utf8))
        }
    }

    @Test func `a folder that is missing is an error of the system`() {
        #expect(throws: IOError.self) { try ListenerFile(binding: "/nowhere/at/all/socket") }
    }
}
