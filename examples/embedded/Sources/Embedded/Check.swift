import Gateway
import SelfCheck

extension Embedded {
    /// Serves on a free port, and tests the program over HTTP.
    static func selfCheck(_ configuration: GatewayConfiguration) async throws {
        var configuration = configuration
        configuration.server.listen = [.host("127.0.0.1", port: 0)]
        let gateway = try gateway(configuration)
        let services = services(gateway)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await services.run() }
            try await checkAnswers(gateway)
            try await checkEvents(gateway)
            await services.triggerGracefulShutdown()
            try await group.waitForAll()
        }
        try await checkInspection(configuration)
        print("embedded: as expected")
    }

    private static func checkAnswers(_ gateway: GatewayServer) async throws {
        let address = try await gateway.boundAddresses()[0]
        try expect(
            "HTTP/1.1 400 Bad Request",
            "\"detail\":\"A tenant is required.\"",
            "application/problem+json",
            in: try await fetch("/users", at: address)
        )
        try expect(
            "HTTP/1.1 200 OK",
            "X-Request-ID: ",
            "hello from /users",
            in: try await fetch("/users", headers: ["X-Customer: acme"], at: address)
        )
        try expect("hello from /open/door", in: try await fetch("/open/door", at: address))
    }

    private static func checkEvents(_ gateway: GatewayServer) async throws {
        let orders = gateway.events.subscribe("app.*")
        Events.placed(order: 17, in: gateway)
        for await event in orders {
            try expect("\"type\":\"order.placed\"", "\"topic\":\"app.orders\"", "{\"number\":17}", in: event.json)
            break
        }
    }

    private static func checkInspection(_ configuration: GatewayConfiguration) async throws {
        let warnings = try await configuration.check(middlewares: middlewares)
        try expect("[]", in: "\(warnings)")
        let explanation = try configuration.explanation(of: "GET", "/users", middlewares: middlewares)
        try expect("\"name\":\"app\"", "X-Customer", "gateway.toml:", in: explanation)
        try await expectMistake(
            "tennant = { header = \"X\" }",
            "gateway.toml:2:1: middleware.tennant:",
            "write \"tenant\""
        )
        try await expectMistake("tenant = { header = \"a b\" }", "gateway.toml:2:", "is not a header name")
    }

    private static func expectMistake(_ line: String, _ parts: String...) async throws {
        do {
            let mistaken = try GatewayConfiguration(
                toml: "[middleware]\n\(line)\n[[routes]]\npath = \"/\"\nrespond = {}"
            )
            _ = try await mistaken.check(middlewares: middlewares)
            throw Unexpected(part: "a mistake", answer: "none")
        } catch let errors as ConfigurationErrors {
            for part in parts { try expect(part, in: "\(errors)") }
        }
    }
}
