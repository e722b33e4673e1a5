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

extension EndToEnd {
    /// The program replaces itself on SIGUSR2.
    @Suite(.enabled(if: GatewayProgram.path != nil, "the gateway program is not beside the tests: run `swift build`"))
    struct HandoverTests {
        private static let toml = """
            [server]
            drain_timeout = "10s"
            [[routes]]
            path = "/*"
            respond = { body = "served" }
            """

        private func write(_ toml: String, to folder: String) throws {
            try Data(toml.utf8).write(to: URL(filePath: "\(folder)/gateway.toml"))
        }

        /// The process IDs in the log lines of completed handovers.
        private static func successors(in log: String) -> [pid_t] {
            struct Line: Decodable { let message: String, successor: String? }
            return log.split(separator: "\n").compactMap { line in
                guard let line = try? JSONDecoder().decode(Line.self, from: Data(line.utf8)),
                    line.message == "handed over"
                else { return nil }
                return line.successor.flatMap { pid_t($0) }
            }
        }

        /// Ends a process that is not a child of the test.
        private func end(_ process: pid_t) async throws {
            kill(process, SIGTERM)
            try await eventually("process \(process) ends") { Self.hasEnded(process) }
        }

        /// A process that has ended stays visible until its parent, here the first process of the system, asks for its state.
        private static func hasEnded(_ process: pid_t) -> Bool {
            guard kill(process, 0) == 0 else { return true }
            guard let data = FileManager.default.contents(atPath: "/proc/\(process)/stat") else { return false }
            return String(decoding: data, as: UTF8.self).contains(") Z ")
        }

        @Test func `no request fails while the program replaces itself`() async throws {
            try await withFolder { folder in
                let unix = try SocketAddress(unixDomainSocketPath: "\(folder)/socket")
                try self.write(Self.toml, to: folder)
                let listen = ["--listen", "127.0.0.1:0", "--listen", "unix:\(folder)/socket", "--admin", "127.0.0.1:0"]
                let program = try GatewayProgram(["run"] + listen, in: folder)
                let addresses = try await program.addresses()
                let admin = try #require(addresses.admin)
                let isOver = NIOLockedValueBox(false)
                // Otherwise the clients of a test that fails would send requests to whoever gets the port next.
                defer { isOver.withLockedValue { $0 = true } }
                let (served, failures) = (NIOLockedValueBox(0), NIOLockedValueBox<[String]>([]))
                let targets = [addresses.listen[0], addresses.listen[0], unix, admin]
                let clients = targets.map { address in
                    Task {
                        while !isOver.withLockedValue({ $0 }) {
                            do {
                                let client = try await RawConnection.connect(to: address)
                                defer { client.close() }
                                let target = address == admin ? "/health/live" : "/"
                                try await client.send(
                                    "GET \(target) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                                )
                                let response = try await client.response()
                                if response.status != 200 {
                                    failures.withLockedValue { $0.append("\(response.status)") }
                                }
                                served.withLockedValue { $0 += 1 }
                            } catch {
                                failures.withLockedValue { $0.append("\(address): \(error)") }
                            }
                        }
                    }
                }
                try await eventually("requests") { served.withLockedValue { $0 } > 20 }
                program.signal(SIGUSR2)
                let code = try await program.end()
                #expect(code == 0)
                let first = try #require(Self.successors(in: program.errors).first)
                kill(first, SIGUSR2)
                try await eventually("a second handover") { Self.successors(in: program.errors).count == 2 }
                let second = try #require(Self.successors(in: program.errors).last)
                try await eventually("the first successor ends") { Self.hasEnded(first) }
                let before = served.withLockedValue { $0 }
                try await eventually("requests to the last process") { served.withLockedValue { $0 } > before + 20 }
                isOver.withLockedValue { $0 = true }
                for client in clients { await client.value }
                #expect(failures.withLockedValue { $0 } == [])
                #expect(access("\(folder)/socket", F_OK) == 0)
                try await self.end(second)
            }
        }

        @Test func `a held request finishes in the old process`() async throws {
            let go = Signal()
            let script: ScriptedUpstream.Script = { session in
                try await session.serve { request in
                    if request.target == "/held" { try await go.wait() }
                    return ok(request.target)
                }
            }
            try await withUpstream(script) { upstream in
                try await withFolder { folder in
                    try self.write(proxy(to: upstream.url, server: "drain_timeout = \"10m\""), to: folder)
                    let program = try GatewayProgram(["run"] + CommandLineTests.anywhere, in: folder)
                    let client = try await RawConnection.connect(to: try await program.addresses().listen[0])
                    try await client.send("GET /held HTTP/1.1\r\nHost: a.example\r\n\r\n")
                    try await eventually("it has reached the upstream") { upstream.requests.count == 1 }
                    program.signal(SIGUSR2)
                    try await program.eventually("a handover") { !Self.successors(in: program.errors).isEmpty }
                    let successor = try #require(Self.successors(in: program.errors).first)
                    #expect(try await program.get("/new").text == "/new")
                    go.fire()
                    #expect(try await client.finalResponse().text == "/held")
                    client.close()
                    #expect(try await program.end() == 0)
                    #expect(try await program.get("/newer").text == "/newer")
                    try await self.end(successor)
                }
            }
        }

        @Test func `a successor that refuses its configuration changes nothing`() async throws {
            try await withFolder { folder in
                try self.write(Self.toml, to: folder)
                let program = try GatewayProgram(["run"] + CommandLineTests.anywhere, in: folder)
                _ = try await program.addresses()
                try self.write("[[routes]]\npath = 1\n", to: folder)
                program.signal(SIGUSR2)
                try await program.eventually("a failure") { program.errors.contains("handover failed") }
                #expect(program.errors.contains("exited with code 2"))
                #expect(program.errors.contains("gateway.toml:2:8"))
                try await program.expectService()
                try self.write(Self.toml, to: folder)
                program.signal(SIGUSR2)
                try await program.eventually("a handover") { !Self.successors(in: program.errors).isEmpty }
                #expect(try await program.end() == 0)
                try await program.expectService()
                try await self.end(try #require(Self.successors(in: program.errors).first))
            }
        }

        @Test func `the service manager hears of the new main process before the old one ends`() async throws {
            try await withFolder { folder in
                let manager = try SystemSocket.unix("\(folder)/notify", type: SystemSocket.datagram, listens: false)
                try self.write(Self.toml, to: folder)
                let program = try GatewayProgram(
                    ["run"] + CommandLineTests.anywhere,
                    in: folder,
                    environment: ["NOTIFY_SOCKET": "\(folder)/notify"]
                )
                _ = try await program.addresses()
                program.signal(SIGUSR2)
                #expect(try await program.end() == 0)
                let successor = try #require(Self.successors(in: program.errors).first)
                let heard = NIOLockedValueBox<[String]>([])
                try await eventually("the successor is ready") {
                    heard.withLockedValue { heard in
                        heard += manager.datagrams()
                        return heard.count > 2
                    }
                }
                try await self.end(successor)
                let all = heard.withLockedValue { $0 } + manager.datagrams()
                #expect(all == ["READY=1", "MAINPID=\(successor)", "READY=1", "STOPPING=1"])
            }
        }
    }
}
