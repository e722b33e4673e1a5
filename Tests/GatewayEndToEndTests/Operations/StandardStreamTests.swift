import FoundationEssentials
import NIOCore
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The program with standard streams that are closed, full or pipes.
@Suite(.enabled(if: GatewayProgram.path != nil, "the gateway program is not beside the tests: run `swift build`"))
struct StandardStreamTests {
    private static let file = """
        [server]
        listen = ["unix:FOLDER/socket"]
        [log]
        access = "stdout"
        [[routes]]
        path = "/*"
        respond = { body = "served" }
        """

    private func withFile<R>(_ body: (_ folder: String) async throws -> R) async throws -> R {
        try await withFolder { folder in
            let text = Self.file.replacing("FOLDER", with: folder)
            try Data(text.utf8).write(to: URL(filePath: "\(folder)/gateway.toml"))
            return try await body(folder)
        }
    }

    #if os(Linux)
        @Test(
            arguments: [
                ["schema"], ["check"], ["check", "--json"], ["explain", "GET", "/"], ["explain", "GET", "/", "--json"],
                ["init", "--force"], ["--version"], ["--help"], ["help", "run"],
            ],
            [(">/dev/full", "No space left on device"), (">&-", "it is closed")]
        )
        func `output that cannot be written exits with 1`(
            arguments: [String],
            stream: (redirection: String, reason: String)
        ) async throws {
            try await self.withFile { folder in
                let program = try GatewayProgram(arguments, in: folder, redirections: stream.redirection)
                let end = try await program.end()
                #expect(end == 1)
                #expect(program.errors == "error: cannot write to standard output: \(stream.reason)\n")
            }
        }

        @Test(arguments: [[0], [1], [2], [1, 2], [0, 1, 2]])
        func `a closed stream is opened as /dev/null`(closed: [Int]) async throws {
            try await self.withFile { folder in
                let redirections = closed.map { $0 == 0 ? "<&-" : "\($0)>&-" }.joined(separator: " ")
                let program = try GatewayProgram(["run", "--admin", "off"], in: folder, redirections: redirections)
                try await program.eventually("it listens") { access("\(folder)/socket", F_OK) == 0 }
                let client = try await RawConnection.connect(
                    to: try SocketAddress(unixDomainSocketPath: "\(folder)/socket")
                )
                defer { client.close() }
                for _ in 0..<3 {
                    try await client.send("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
                    #expect(try await client.response().text == "served")
                }
                for descriptor in closed {
                    let open = try FileManager.default.destinationOfSymbolicLink(
                        atPath: "/proc/\(program.id)/fd/\(descriptor)"
                    )
                    #expect(open == "/dev/null")
                }
                program.signal(SIGTERM)
                let end = try await program.end()
                #expect(end == 0)
            }
        }
    #endif

    @Test func `a configuration may come from standard input`() async throws {
        try await withFolder { folder in
            let text = "[[routes]]\npath = \"/*\"\nrespond = { body = \"served\" }\n"
            let program = try GatewayProgram(
                ["check", "--config", "/dev/stdin"],
                in: folder,
                redirections: "<<'END'\n\(text)END\n"
            )
            let end = try await program.end()
            #expect(end == 0)
            #expect(program.errors == "")
            #expect(program.output == "/dev/stdin is valid\n")
        }
    }
}
