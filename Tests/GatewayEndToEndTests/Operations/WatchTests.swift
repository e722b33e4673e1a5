import FoundationEssentials
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// `gateway run --watch`.
@Suite(.enabled(if: GatewayProgram.path != nil, "the gateway program is not beside the tests: run `swift build`"))
struct WatchTests {
    private static func file(_ body: String) -> String {
        "[[routes]]\npath = \"/*\"\nrespond = { body = \"\(body)\" }\n"
    }

    private static func write(_ text: String, to path: String) throws {
        // In place: the file keeps its inode.
        try Data(text.utf8).write(to: URL(filePath: path))
    }

    private static func replace(_ path: String, with text: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
    }

    private func withProgram(
        config path: String = "gateway.toml",
        in folder: String,
        _ body: (GatewayProgram) async throws -> Void
    ) async throws {
        let flags = ["--watch", "--config", path, "--listen", "127.0.0.1:0", "--admin", "off"]
        let program = try GatewayProgram(["run"] + flags, in: folder)
        #expect(try await program.get("/").text == "one")
        #expect(program.output.contains("\"watched\":\"true\""))
        try await body(program)
    }

    /// Waits until the program serves a text.
    private func expect(_ text: String, from program: GatewayProgram) async throws {
        let clock = ContinuousClock()
        let deadline = clock.now + .seconds(Patience.seconds)
        while try await program.get("/").text != text {
            guard clock.now < deadline else { throw TimedOut(what: "\(text), from: \(program.errors)") }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    @Test func `a file is reloaded when it is edited in place or replaced`() async throws {
        try await withFolder { folder in
            let path = "\(folder)/gateway.toml"
            try Self.write(Self.file("one"), to: path)
            try await self.withProgram(in: folder) { program in
                try Self.write(Self.file("two"), to: path)
                try await self.expect("two", from: program)
                try Self.replace(path, with: Self.file("three"))
                try await self.expect("three", from: program)
                try FileManager.default.removeItem(atPath: path)
                try Self.write(Self.file("four"), to: path)
                try await self.expect("four", from: program)
            }
        }
    }

    @Test func `a mounted file is reloaded when Kubernetes replaces the folder that it leads to`() async throws {
        try await withFolder { folder in
            let files = FileManager.default
            for (name, text) in ["..v1": "one", "..v2": "two"] {
                try files.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: false)
                try Self.write(Self.file(text), to: "\(folder)/\(name)/gateway.toml")
            }
            try files.createSymbolicLink(atPath: "\(folder)/..data", withDestinationPath: "..v1")
            try files.createSymbolicLink(atPath: "\(folder)/gateway.toml", withDestinationPath: "..data/gateway.toml")
            try await self.withProgram(in: folder) { program in
                try files.createSymbolicLink(atPath: "\(folder)/..data_tmp", withDestinationPath: "..v2")
                try #require(rename("\(folder)/..data_tmp", "\(folder)/..data") == 0)
                try await self.expect("two", from: program)
            }
        }
    }

    @Test func `a truncated file is refused, and what ran goes on until it is fixed`() async throws {
        try await withFolder { folder in
            let path = "\(folder)/gateway.toml"
            try Self.write(Self.file("one"), to: path)
            try await self.withProgram(in: folder) { program in
                for broken in ["", "[server]\nworker = 1\n"] {
                    let before = program.errors.count
                    try Self.write(broken, to: path)
                    try await program.eventually("it is refused") {
                        program.errors.dropFirst(before).contains("\"error\"")
                    }
                    #expect(try await program.get("/").text == "one")
                }
                try Self.write(Self.file("two"), to: path)
                try await self.expect("two", from: program)
            }
        }
    }

    @Test(arguments: [
        ["run", "--watch"], ["run", "--watch", "--to", "http://127.0.0.1:9"],
        ["run", "--watch", "--config", "/dev/null"],
    ])
    func `there must be a file to watch`(arguments: [String]) async throws {
        try await withFolder { folder in
            let program = try GatewayProgram(arguments, in: folder)
            let end = try await program.end()
            #expect(end == 2)
            #expect(program.errors.contains("--watch needs a "))
        }
    }
}
