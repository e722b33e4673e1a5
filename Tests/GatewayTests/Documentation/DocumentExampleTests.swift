import Foundation
import Testing

@testable import Gateway
@testable import GatewayMiddlewares
@testable import GatewaySettings

/// Every TOML example in the documents must be valid and free of warnings.
struct DocumentExampleTests {
    @Test(arguments: Repository.documents) func `every configuration example is valid`(document: String)
        async throws
    {
        for part in try Repository.read(document).components(separatedBy: "\n```toml").dropFirst() {
            let block = part.components(separatedBy: "\n```")[0]
            let example = block.drop { $0 != "\n" }
            // Settings of an embedder's middleware are tested in `examples`.
            if example.contains("tenant") { continue }
            let configuration = try GatewayConfiguration(
                toml: Self.completed(String(example)),
                environment: [
                    "ADMIN_TOKEN": "x", "REDIS_PASSWORD": "x",
                    "PAGERDUTY_KEY": "x", "WEBHOOK_SECRET": "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
                ],
                middlewares: .standard
            )
            let check = try await PlanCheck(configuration)
            // The files of certificates are not there.
            let errors = check.errors.filter { !$0.message.hasSuffix("no such file") }
            let findings = errors + configuration.document.warnings + check.warnings
            #expect(findings.isEmpty, "\(example)\n\(findings)")
        }
    }

    /// Adds what an example omits: a route, and the upstreams that its routes refer to.
    private static func completed(_ example: String) -> String {
        var toml = example
        if !example.contains("[[routes]]") { toml += "\n[[routes]]\npath = \"/*\"\nupstream = \"api\"\n" }
        let assigned = toml.components(separatedBy: "\nupstream = \"").dropFirst().map { $0.prefix { $0 != "\"" } }
        for name in Set(assigned) where !toml.contains("[upstreams.\(name)]") {
            toml += "\n[upstreams.\(name)]\ntargets = [\"http://127.0.0.1:9001\"]\n"
        }
        return toml
    }
}
