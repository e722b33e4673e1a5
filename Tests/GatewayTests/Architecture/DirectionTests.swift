import Foundation
import Testing

/// Reads the imports of all sources. ARCHITECTURE.md says that dependencies go one way.
@Suite struct DirectionTests {
    /// Each target with the ones that it may import.
    private static let allowed: [(target: String, imports: Set<String>)] = [
        ("GatewayHTTP", []),
        ("GatewayHTTP1", ["GatewayHTTP"]),
        ("GatewayHTTP2", ["GatewayHTTP"]),
        ("GatewayWebSocket", ["GatewayHTTP"]),
        ("GatewayTLS", ["GatewayHTTP"]),
        ("GatewaySettings", ["GatewayHTTP"]),
        (
            "GatewayCore",
            [
                "GatewayHTTP", "GatewayHTTP1", "GatewayHTTP2", "GatewayWebSocket", "GatewayTLS", "GatewaySettings",
            ]
        ),
        ("GatewayCache", ["GatewayHTTP"]),
        ("GatewayAccess", ["GatewayHTTP", "GatewaySettings"]),
        ("GatewayRedis", ["GatewayCore", "GatewayHTTP", "GatewaySettings", "GatewayTLS"]),
        ("GatewayEvents", ["GatewayCore", "GatewayHTTP", "GatewayHTTP1", "GatewaySettings", "GatewayWebSocket"]),
        ("GatewayDashboards", ["GatewaySettings"]),
        ("GatewayFormatting", ["GatewaySettings"]),
        ("GatewayTracing", ["GatewayCore", "GatewayHTTP", "GatewaySettings"]),
        (
            "GatewayMiddlewares",
            [
                "GatewayAccess", "GatewayCache", "GatewayCore", "GatewayHTTP", "GatewayRedis", "GatewaySettings",
                "GatewayTLS", "GatewayWebSocket",
            ]
        ),
        (
            "GatewayAdmin",
            [
                "GatewayAccess", "GatewayCache", "GatewayCore", "GatewayEvents", "GatewayHTTP", "GatewayRedis",
                "GatewaySettings",
            ]
        ),
        (
            "Gateway",
            [
                "GatewayAccess", "GatewayAdmin", "GatewayCache", "GatewayCore", "GatewayEvents", "GatewayHTTP",
                "GatewayHTTP1", "GatewayMiddlewares", "GatewayRedis", "GatewaySettings", "GatewayTLS", "GatewayTracing",
            ]
        ),
    ]

    @Test(arguments: allowed.map(\.target)) func `a target imports only targets below it`(target: String) throws {
        let allowed = try #require(Self.allowed.first { $0.target == target }).imports
        let files = Repository.files(in: "Sources/\(target)", withExtension: "swift")
        #expect(!files.isEmpty)
        for file in files {
            for module in try Self.imports(of: file) where module.hasPrefix("Gateway") {
                #expect(allowed.contains(module), "\(file) imports \(module)")
            }
        }
    }

    @Test func `no target re-exports another`() throws {
        for file in Repository.files(in: "Sources", withExtension: "swift") {
            #expect(try !Repository.read(file).contains("@_exported"), "\(file)")
        }
    }

    @Test func `protocols on the wire and settings know nothing that runs`() throws {
        for target in [
            "GatewayHTTP", "GatewayHTTP1", "GatewayHTTP2", "GatewayWebSocket", "GatewayCache", "GatewaySettings",
        ] {
            for file in Repository.files(in: "Sources/\(target)", withExtension: "swift") {
                let imports = try Self.imports(of: file)
                #expect(imports.isDisjoint(with: ["NIOPosix", "NIOConcurrencyHelpers", "Logging"]), "\(file)")
            }
        }
    }

    @Test func `HTTP/2 has one implementation`() throws {
        for file in Repository.files(in: "Sources", withExtension: "swift") {
            let imports = try Self.imports(of: file)
            #expect(imports.isDisjoint(with: ["NIOHTTP2", "NIOHPACK"]), "\(file)")
        }
    }

    @Test func `upstreams serve calls and do not know exchanges`() throws {
        let name = /\bExchange\b/
        for file in Repository.files(in: "Sources/GatewayCore/Upstream", withExtension: "swift")
        where !file.contains("/InProcess/") && !file.contains("/Demo/") {
            let code = try Repository.read(file).split(separator: "\n").filter { !$0.contains("//") }
            #expect(!code.contains { $0.contains(name) }, "\(file) names Exchange")
        }
    }

    @Test func `state machines know neither channels nor clocks`() throws {
        let runs = /\b(Channel|ChannelHandlerContext|EventLoop|ContinuousClock|NIODeadline\.now)\b/
        let machines = Repository.files(in: "Sources", withExtension: "swift").filter { $0.contains("StateMachine") }
        #expect(machines.count > 5)
        for file in machines {
            let code = try Repository.read(file).split(separator: "\n").filter { !$0.contains("//") }
            #expect(!code.contains { $0.contains(runs) }, "\(file)")
        }
    }

    private static func imports(of file: String) throws -> Set<String> {
        let statement = /^(?:@\w+ )?(?:public |package |internal |private )?import (\w+)/.anchorsMatchLineEndings()
        return Set(try Repository.read(file).matches(of: statement).map { String($0.output.1) })
    }
}
