import Gateway
import Testing

@testable import GatewaySettings

/// `explain` predicts what really happens.
@Suite struct ExplanationTests {
    @Test func `the upstream receives the path that explain reports`() async throws {
        let routes = """
            forward_path = "original"
            [[routes]]
            path = "/strip/*"
            upstream = "api"
            strip_prefix = "/strip"
            [[routes]]
            path = "/rewrite/{id}/*"
            upstream = "api"
            rewrite = "/to/{rest}/of/{id}"
            """
        let targets = [
            "/", "/a//b/../c", "/%7Ea?", "/strip", "/strip/", "/strip//a/%7e?x=%7e", "/rewrite/1/2//3",
            "/rewrite/a%2fb/",
            "/rewrite/a?b=c?d", "//strip/z", "/strip/a%2Fz",
        ]
        let script: ScriptedUpstream.Script = { session in try await session.serve { _ in ok() } }
        try await withUpstream(script) { upstream in
            let toml = proxy(to: upstream.url, route: routes)
            let configuration = try GatewayConfiguration(toml: toml, environment: [:])
            try await withGateway(toml) { gateway in
                for target in targets {
                    #expect(try await gateway.get(target).status == 200, "\(target)")
                    let request = try ExplainedRequest(method: "GET", url: target)
                    let explanation = try RequestExplanation(request, configuration: configuration)
                    let sent = upstream.requests.last?.target ?? ""
                    #expect(explanation.upstream?.url == upstream.url + sent, "\(target)")
                }
            }
        }
    }
}
