import Testing

@testable import Gateway
@testable import GatewayMiddlewares
@testable import GatewaySettings

/// Warnings about `cors` that are not about one of its keys. `Check/cors.txt` has the others.
struct CORSSettingsTests {
    private static func warnings(_ settings: String) async throws -> [String] {
        let toml = "[[routes]]\npath = \"/*\"\nrespond = {}\n\(settings)"
        let check = try await ConfigurationCheck(toml: toml, environment: [:])
        #expect(check.errors.isEmpty)
        return check.warnings.map(\.text).filter { $0.contains("cors") }
    }

    @Test func `a list of origins is needed`() async throws {
        #expect(try await Self.warnings("cors = {}").contains { $0.contains("no origin is listed") })
        #expect(try await Self.warnings("cors = { origins = [\"*\"] }").isEmpty)
    }

    @Test func `other middlewares cannot write the fields`() async throws {
        let cors = "cors = { origins = [\"*\"] }\n"
        for change in ["set", "add"] {
            let headers = "headers.response.\(change) = { access-control-allow-origin = \"*\" }"
            #expect(try await Self.warnings(cors + headers).contains { $0.contains("access-control-allow-origin") })
            #expect(try await Self.warnings(headers).isEmpty)
        }
    }
}
