import FoundationEssentials
import NIOConcurrencyHelpers
import NIOCore
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The built `gateway` program, run in a temporary folder with a separate environment.
final class GatewayProgram: Sendable {
    /// The program cannot be started.
    struct NotStarted: Error { let reason: String }

    /// The program ended while the test waited for something else.
    struct Ended: Error { let code: Int32, output: String, errors: String }

    /// Next to the test executable; nil if it was not built.
    static let path: String? = {
        var folders = CommandLine.arguments.map { ($0, $0.utf8.lastIndex(of: UInt8(ascii: "/"))) }
            .compactMap { argument, slash in slash.map { String(argument[..<$0]) } }
        if let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") {
            folders.insert(String(own.prefix(upTo: own.lastIndex(of: "/") ?? own.startIndex)), at: 0)
        }
        // A test bundle keeps its executable some folders deeper.
        let candidates = folders.flatMap { [$0, $0 + "/../../.."] }.map { $0 + "/gateway" }
        return candidates.first { access($0, X_OK) == 0 }
    }()

    let folder: String
    let id: pid_t
    private let exitCode = NIOLockedValueBox<Int32?>(nil)

    /// - Parameters:
    ///   - output: The file for standard output; by default a file in the folder.
    ///   - redirections: Redirections of the standard streams, in shell syntax.
    ///   - files: The hard limit of open files; nil inherits the test's limit.
    ///   - softFiles: The soft limit of open files, which the program may raise.
    ///   - sockets: Descriptors to pass as systemd does.
    init(
        _ arguments: [String],
        in folder: String,
        environment: [String: String] = [:],
        output: String? = nil,
        redirections: String = "",
        files: Int? = nil,
        softFiles: Int? = nil,
        sockets: [CInt] = []
    ) throws {
        guard let path = Self.path else { throw NotStarted(reason: "`swift build` has not built it") }
        self.folder = folder
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        for (descriptor, file) in [
            (STDOUT_FILENO, output ?? "\(folder)/stdout"), (STDERR_FILENO, "\(folder)/stderr"),
        ] {
            let flags = O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_NOCTTY
            posix_spawn_file_actions_addopen(&actions, descriptor, file, flags, 0o600)
        }
        // Close the inherited sockets of tests that run at the same time. Closing a descriptor that is not open is
        // harmless.
        let passed = sockets.map { fcntl($0, F_DUPFD_CLOEXEC, 64) }
        defer { for descriptor in passed { close(descriptor) } }
        for (copy, descriptor) in zip(passed, (STDERR_FILENO + 1)...) {
            posix_spawn_file_actions_adddup2(&actions, copy, descriptor)
        }
        for descriptor in STDERR_FILENO + 1 + CInt(passed.count)..<4096 {
            posix_spawn_file_actions_addclose(&actions, descriptor)
        }
        // The threads of a test may block signals, and a child inherits the mask.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))

        // Not every C library can change the working directory of a process that it spawns.
        let limit = (files.map { "ulimit -n \($0) && " } ?? "") + (softFiles.map { "ulimit -S -n \($0) && " } ?? "")
        let listen = passed.isEmpty ? "" : "export LISTEN_FDS=\(passed.count) LISTEN_PID=$$ && "
        let shell = ["/bin/sh", "-c", "\(listen)\(limit)cd \"$0\" && exec \"$@\" \(redirections)", folder, path]
        var argumentPointers = (shell + arguments).map { strdup($0) } + [nil]
        var environment = environment
        #if GATEWAY_SANITIZED
            // A sanitizer finding ends the program, so that the test that waits for it fails.
            for name in ["ASAN_OPTIONS", "TSAN_OPTIONS"] {
                let own = ProcessInfo.processInfo.environment[name] ?? ""
                environment[name] = "\(own):halt_on_error=1"
            }
        #endif
        var variablePointers = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in argumentPointers + variablePointers { free(pointer) } }
        var id: pid_t = 0
        let result = posix_spawn(&id, shell[0], &actions, &attributes, &argumentPointers, &variablePointers)
        guard result == 0 else { throw NotStarted(reason: String(cString: strerror(result))) }
        self.id = id
    }

    deinit {
        guard self.poll() == nil else { return }
        kill(self.id, SIGKILL)
        var status: Int32 = 0
        waitpid(self.id, &status, 0)
    }

    var output: String { self.read("stdout") }
    var errors: String { self.read("stderr") }

    func read(_ file: String) -> String {
        guard let data = FileManager.default.contents(atPath: "\(self.folder)/\(file)") else { return "" }
        return String(decoding: data, as: UTF8.self)
    }

    func signal(_ signal: Int32) { if self.poll() == nil { kill(self.id, signal) } }

    /// The exit status; 128 plus the signal if a signal ended the program.
    func end(within limit: Duration = .seconds(Patience.seconds)) async throws -> Int32 {
        try await eventually("the program ends", within: limit) { self.poll() != nil }
        return self.poll() ?? -1
    }

    /// Waits for a state of the running program.
    func eventually(_ what: String, _ condition: @Sendable () -> Bool) async throws {
        try await GatewayEndToEndTests.eventually(what) { condition() || self.poll() != nil }
        guard !condition(), let code = self.poll() else { return }
        throw Ended(code: code, output: self.output, errors: self.errors)
    }

    private func eventually(_ what: String, within limit: Duration, _ condition: @Sendable () -> Bool) async throws {
        try await GatewayEndToEndTests.eventually(what, within: limit, condition)
    }

    private func poll() -> Int32? {
        self.exitCode.withLockedValue { code in
            var status: Int32 = 0
            if code == nil, waitpid(self.id, &status, WNOHANG) == self.id {
                code = status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
            }
            return code
        }
    }

    // MARK: Listening

    /// The log line that lists the listeners.
    private struct Listening: Decodable {
        let message: String
        let listen: [String]
        let admin: String?
    }

    /// The addresses of the listeners, once they are open.
    func addresses() async throws -> (listen: [SocketAddress], admin: SocketAddress?) {
        try await self.eventually("listening") { self.output.contains("\"listening\"") && self.output.hasSuffix("\n") }
        let line = try #require(self.output.split(separator: "\n").first { $0.contains("\"listening\"") })
        let listening = try JSONDecoder().decode(Listening.self, from: Data(line.utf8))
        return (try listening.listen.map(Self.address), try listening.admin.map(Self.address))
    }

    private static func address(_ url: String) throws -> SocketAddress {
        if url.hasPrefix("unix:") { return try SocketAddress(unixDomainSocketPath: String(url.dropFirst(5))) }
        let colon = try #require(url.lastIndex(of: ":"))
        let host = url[..<colon].dropFirst("http://".count).filter { $0 != "[" && $0 != "]" }
        return try SocketAddress(ipAddress: host, port: Int(url[url.index(after: colon)...]) ?? 0)
    }

    func get(_ target: String) async throws -> Message {
        let client = try await RawConnection.connect(to: try await self.addresses().listen[0])
        defer { client.close() }
        try await client.send("GET \(target) HTTP/1.1\r\nHost: a.example\r\n\r\n")
        return try await client.finalResponse()
    }

    /// Expects the fixed response.
    func expectService() async throws {
        let response = try await self.get("/")
        #expect(response.text == "served")
    }
}

/// Creates an empty temporary folder for `body`. Its path is short enough for Unix sockets.
func withFolder<R>(_ body: (String) async throws -> R) async throws -> R {
    var template = Array("/tmp/gateway-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else { throw GatewayProgram.NotStarted(reason: "no folder in /tmp") }
    let folder = String(cString: made)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try await body(folder)
}
