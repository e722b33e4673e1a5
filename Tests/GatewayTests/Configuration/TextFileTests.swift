import Testing

@testable import Gateway
@testable import GatewaySettings

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

struct TextFileTests {
    /// Reads from a pipe, through the name that a shell gives to the pipe of `<(…)`.
    private func readThroughPipe(_ bytes: [UInt8]) throws -> String {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { close(ends[0]) }
        #expect(write(ends[1], bytes, bytes.count) == bytes.count)
        close(ends[1])
        return try TextFile.read("/dev/fd/\(ends[0])")
    }

    @Test(arguments: ["", "a", "a = \"ü\"\n", String(repeating: "# text\n", count: 5000)])
    func `a pipe is read to its end`(_ text: String) throws {
        #expect(try self.readThroughPipe(Array(text.utf8)) == text)
    }

    @Test func `a file that is not text is rejected`() {
        #expect(throws: SettingError("the file is not UTF-8 text", suggestion: "save it as UTF-8")) {
            try self.readThroughPipe([0x61, 0xFF])
        }
    }

    @Test func `an endless file is not read forever`() {
        #expect(throws: SettingError("the file is larger than 16 MiB", suggestion: "name a configuration file")) {
            try TextFile.read("/dev/zero")
        }
    }

    @Test(arguments: [
        ("/nowhere/a.toml", "no such file"), ("/", "this is a directory"), ("", "no such file"),
    ])
    func `errors contain the reason`(_ path: String, _ problem: String) throws {
        let error = try #require(throws: SettingError.self) { try TextFile.read(path) }
        #expect(error.problem == problem)
    }
}
