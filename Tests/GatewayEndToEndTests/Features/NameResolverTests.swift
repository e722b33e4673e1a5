import FoundationEssentials
import Logging
import NIOCore
import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewayHTTP

extension EndToEnd {
    /// The resolver, with a name server over real sockets.
    @Suite struct NameResolverTests {
        @Test func `a name has the addresses of its A and AAAA records`() async throws {
            try await withNameServer { _ in
                .addresses("127.0.0.2", "127.0.0.3", "::1")
            } _: { server in
                try await withNames(quickSettings(server.address)) { names in
                    names.watch("api.test")
                    try await names.have("api.test", "127.0.0.2", "127.0.0.3", "::1")
                    #expect(server.questions.allSatisfy { $0.name == "api.test" && !$0.isStream })
                    // The line follows the report.
                    try await eventually("the change is logged") { names.log.lines(.info).count >= 1 }
                    #expect(names.log.lines(.warning).isEmpty)
                }
            }
        }

        @Test func `aliases are followed`() async throws {
            let records: [NameRecord] = [
                .alias("api.test", to: "b.test"), .alias("b.test", to: "c.test"), .address("127.0.0.2"),
            ]
            try await withNameServer { _ in
                .records(records, owner: "c.test")
            } _: { server in
                try await withNames(quickSettings(server.address)) { names in
                    names.watch("api.test")
                    try await names.have("api.test", "127.0.0.2")
                }
            }
        }

        @Test(
            arguments: [
                (3, "the name does not exist"), (2, "the name server"), (5, "the name server"),
                (0, "the name has no address"),
            ] as [(UInt8, String)]
        )
        func `a look-up fails with the name server's reason`(_ code: UInt8, _ reason: String) async throws {
            let reply = code == 0 ? NameReply.records([]) : .failure(code: code)
            try await withNameServer { _ in
                reply
            } _: { server in
                try await withNames(quickSettings(server.address)) { names in
                    names.watch("api.test.")
                    let failure = try await names.failure(of: "api.test.")
                    #expect(failure.contains(reason))
                    #expect(names.resolver.failing.map(\.name) == ["api.test."])
                    // The name is looked up again. The log has one warning, however often that fails.
                    let asked = server.questions.count
                    try await eventually("it is queried again") { server.questions.count > asked + 4 }
                    #expect(names.log.lines(.warning).count == 1)
                    server.answer { _ in .addresses("127.0.0.2") }
                    try await names.have("api.test.", "127.0.0.2")
                    try await eventually("the recovery is logged") { names.log.lines(.notice).count == 1 }
                    #expect(names.resolver.failing.isEmpty)
                }
            }
        }

        @Test func `without a name server a look-up fails`() async throws {
            let server = try await NameServer.start { _ in .silence }
            let address = server.address
            await server.stop()
            try await withNames(quickSettings(address)) { names in
                names.watch("api.test")
                let failure = try await names.failure(of: "api.test")
                #expect(failure.contains("name server"))
            }
        }

        // MARK: Silence

        @Test func `a silent name delays neither others nor localhost`() async throws {
            try await withNameServer {
                $0.name == "silent.test" ? .silence : .addresses("127.0.0.2")
            } _: { server in
                try await withNames(quickSettings(server.address)) { names in
                    names.watch("silent.test")
                    try await eventually("the silent name is queried") { !server.questions.isEmpty }
                    names.watch("other.test", "localhost")
                    try await names.have("other.test", "127.0.0.2")
                    try await names.have("localhost", "127.0.0.1", "::1")
                    #expect(names.history(of: "silent.test").isEmpty)
                }
            }
        }

        @Test func `a look-up without an answer fails in time`() async throws {
            try await withNameServer { _ in
                .silence
            } _: { server in
                var settings = quickSettings(server.address)
                settings.schedule.timeout = .milliseconds(60)
                try await withNames(settings) { names in
                    names.watch("silent.test")
                    let failure = try await names.failure(of: "silent.test")
                    #expect(failure.contains("no answer"))
                }
            }
        }

        @Test func `the next name server is queried if the first is silent`() async throws {
            try await withNameServer { _ in
                .silence
            } _: { silent in
                try await withNameServer { _ in
                    .addresses("127.0.0.2")
                } _: { server in
                    try await withNames(quickSettings("\(silent.address),\(server.address)")) { names in
                        names.watch("api.test")
                        try await names.have("api.test", "127.0.0.2")
                        #expect(!silent.questions.isEmpty)
                    }
                }
            }
        }

        @Test func `a silent address family does not delay the other`() async throws {
            try await withNameServer {
                $0.kind == .ipv6 ? .silence : .addresses("127.0.0.2")
            } _: { server in
                try await withNames(quickSettings(server.address)) { names in
                    names.watch("api.test")
                    try await names.have("api.test", "127.0.0.2")
                }
            }
        }

        @Test func `a lost question is sent again`() async throws {
            let count = ByteCounter()
            try await withNameServer { _ in
                count.add(1)
                return count.value <= 2 ? .silence : .addresses("127.0.0.2")
            } _: { server in
                try await withNames(quickSettings(server.address)) { names in
                    names.watch("api.test")
                    try await names.have("api.test", "127.0.0.2")
                }
            }
        }

        // MARK: Refresh

        @Test func `a name with a TTL of zero is looked up again, and changes are reported`() async throws {
            try await withNameServer { _ in
                .addresses("127.0.0.2", seconds: 0)
            } _: { server in
                try await withNames(quickSettings(server.address)) { names in
                    names.watch("api.test", every: .hours(1))
                    try await names.have("api.test", "127.0.0.2")
                    server.answer { _ in .addresses("127.0.0.3", "127.0.0.2", seconds: 0) }
                    try await names.have("api.test", "127.0.0.3", "127.0.0.2")
                    server.answer { _ in .addresses("127.0.0.4", seconds: 0) }
                    try await names.have("api.test", "127.0.0.4")
                    server.answer { _ in .failure(code: 2) }
                    try await eventually("the failure is reported") { !names.resolver.failing.isEmpty }
                    try await names.have("api.test", "127.0.0.4")
                    #expect(names.resolver.failing.first?.addresses == 1)
                }
            }
        }

        @Test func `a name whose watch is cancelled is not looked up again`() async throws {
            try await withNameServer { _ in
                .addresses("127.0.0.2", seconds: 0)
            } _: { server in
                try await withNames(quickSettings(server.address)) { names in
                    names.watch("gone.test", "kept.test")
                    try await names.have("gone.test", "127.0.0.2")
                    names.cancel("gone.test")
                    let asked: @Sendable (String) -> Int = { name in server.questions.count { $0.name == name } }
                    // Look-ups in progress have ended once the other name has been queried a few more times.
                    for _ in 0..<2 {
                        let (kept, gone) = (asked("kept.test"), asked("gone.test"))
                        try await eventually("the other is still queried") { asked("kept.test") > kept + 10 }
                        if asked("gone.test") == gone { return }
                    }
                    Issue.record("it is still queried")
                }
            }
        }

        // MARK: Large answers

        @Test func `twenty addresses are all used`() async throws {
            let addresses = (1...20).map { "127.0.1.\($0)" }
            try await withNameServer { _ in
                .records(addresses.map { .address($0) })
            } _: { server in
                try await withNames(quickSettings(server.address)) { names in
                    names.watch("api.test")
                    try await eventually("all are known") {
                        guard case .addresses(let found) = names.history(of: "api.test").last else { return false }
                        return found.map(\.description) == addresses
                    }
                }
            }
        }

        @Test func `a truncated response is requested again over TCP`() async throws {
            let addresses = (1...90).map { "127.0.1.\($0)" }
            try await withNameServer { question in
                question.isStream ? .records(addresses.map { .address($0) }) : .truncated
            } _: { server in
                try await withNames(quickSettings(server.address)) { names in
                    names.watch("api.test")
                    try await eventually("all are known") {
                        guard case .addresses(let found) = names.history(of: "api.test").last else { return false }
                        return found.count == 90
                    }
                    #expect(server.questions.contains { $0.isStream })
                }
            }
        }

        // MARK: Local names

        @Test func `the hosts file overrides name servers, and its changes are noticed`() async throws {
            try await withNameServer { _ in
                .addresses("127.0.0.9", seconds: 0)
            } _: { server in
                try await withFolder { folder in
                    let file = "\(folder)/hosts"
                    try write("127.0.0.2 api.test\n127.0.0.3 API.test\n", to: file)
                    try await withNames(quickSettings(server.address, hostsFile: file)) { names in
                        names.watch("api.test", "Api.Test.", every: .milliseconds(5))
                        try await names.have("api.test", "127.0.0.2", "127.0.0.3")
                        try await names.have("Api.Test.", "127.0.0.2", "127.0.0.3")
                        #expect(server.questions.isEmpty)
                        try write("127.0.0.4 api.test\n", to: file)
                        try await names.have("api.test", "127.0.0.4")
                        try write("127.0.0.4 another.test\n", to: file)
                        try await names.have("api.test", "127.0.0.9")
                    }
                }
            }
        }

        @Test func `addresses without a route are dropped while others have one`() async throws {
            // With only a loopback, nothing routes to a documentation address. If something does, both are used.
            let routed = AddressRoute.exists(to: try #require(IPAddress("2001:db8::1")))
            try await withNameServer { _ in
                .addresses("127.0.0.2", "2001:db8::1")
            } _: { server in
                try await withNames(quickSettings(server.address)) { names in
                    names.watch("api.test")
                    if routed {
                        try await names.have("api.test", "127.0.0.2", "2001:db8::1")
                    } else {
                        try await names.have("api.test", "127.0.0.2")
                    }
                }
            }
        }
    }
}

/// Replaces a file.
private func write(_ text: String, to path: String) throws {
    try Data(text.utf8).write(to: URL(filePath: path))
}
