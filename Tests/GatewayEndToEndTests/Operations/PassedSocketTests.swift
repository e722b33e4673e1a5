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

/// Sockets that a service manager opens and passes to the program.
@Suite(.enabled(if: GatewayProgram.path != nil, "the gateway program is not beside the tests: run `swift build`"))
struct PassedSocketTests {
    /// - Parameter listen: The listeners, as TOML strings.
    private func configure(_ folder: String, listen: [String], admin: String = "off") throws {
        let file = """
            [server]
            listen = [\(listen.map { "\"\($0)\"" }.joined(separator: ", "))]
            drain_timeout = "1s"
            [admin]
            listen = "\(admin)"
            [[routes]]
            path = "/*"
            respond = { body = "served" }
            """
        try Data(file.utf8).write(to: URL(filePath: "\(folder)/gateway.toml"))
    }

    private func get(_ address: SocketAddress, _ path: String = "/") async throws -> Message {
        let client = try await RawConnection.connect(to: address)
        defer { client.close() }
        try await client.send("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n")
        return try await client.response()
    }

    @Test func `listeners use the passed sockets of their addresses, and others are bound`() async throws {
        try await withFolder { folder in
            let (traffic, admin) = (try SystemSocket.loopback(), try SystemSocket.loopback())
            let unix = try SystemSocket.unix("\(folder)/socket")
            try self.configure(
                folder,
                listen: [try traffic.text, "127.0.0.1:0", "unix:\(folder)/socket"],
                admin: try admin.text
            )
            let program = try GatewayProgram(
                ["run"],
                in: folder,
                sockets: [admin.descriptor, unix.descriptor, traffic.descriptor]
            )
            let addresses = try await program.addresses()
            #expect(
                "\(addresses.listen[0].port ?? 0)" == (try traffic.text).split(separator: ":").last.map(String.init)
            )
            for address in addresses.listen { #expect(try await self.get(address).text == "served") }
            #expect(try await self.get(try #require(addresses.admin), "/health/ready").status == 200)
            program.signal(SIGTERM)
            #expect(try await program.end() == 0)
            #expect(access("\(folder)/socket", F_OK) == 0)
            #expect(!program.errors.contains("warning"))
        }
    }

    @Test func `a restart refuses no connection`() async throws {
        try await withFolder { folder in
            let socket = try SystemSocket.loopback()
            try self.configure(folder, listen: [try socket.text])
            var program = try GatewayProgram(["run"], in: folder, sockets: [socket.descriptor])
            let address = try await program.addresses().listen[0]
            for _ in 0..<2 {
                program.signal(SIGTERM)
                #expect(try await program.end() == 0)
                var waiting: [RawConnection] = []
                for _ in 0..<20 {
                    let client = try await RawConnection.connect(to: address)
                    try await client.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    waiting.append(client)
                }
                program = try GatewayProgram(["run"], in: folder, sockets: [socket.descriptor])
                for client in waiting {
                    #expect(try await client.response().text == "served")
                    client.close()
                }
            }
        }
    }

    @Test func `a socket that no listener names is closed, with a warning`() async throws {
        try await withFolder { folder in
            let socket = try SystemSocket.loopback()
            try self.configure(folder, listen: ["unix:\(folder)/socket"])
            let program = try GatewayProgram(["run"], in: folder, sockets: [socket.descriptor])
            _ = try await program.addresses()
            try await program.eventually("a warning") { program.errors.contains("closed a socket that was passed") }
            #expect(program.errors.contains(try socket.text))
        }
    }

    enum Fault: String, CaseIterable {
        case datagram = "descriptor 3, passed with LISTEN_FDS, is not a stream socket"
        case silent = "descriptor 3, passed with LISTEN_FDS, does not listen"
        case file = "descriptor 3, passed with LISTEN_FDS, is not a socket"
    }

    @Test(arguments: Fault.allCases)
    func `a descriptor on which nobody can listen ends the start`(fault: Fault) async throws {
        try await withFolder { folder in
            try self.configure(folder, listen: ["127.0.0.1:0"])
            let socket =
                switch fault {
                case .datagram: try SystemSocket.loopback(type: SystemSocket.datagram, listens: false)
                case .silent: try SystemSocket.loopback(listens: false)
                case .file: try SystemSocket.loopback()
                }
            let file = open("/dev/null", O_RDONLY)
            defer { close(file) }
            let program = try GatewayProgram(
                ["run"],
                in: folder,
                sockets: [fault == .file ? file : socket.descriptor]
            )
            #expect(try await program.end() == 1)
            #expect(program.errors.contains(fault.rawValue))
        }
    }
}
