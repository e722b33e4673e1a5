import Foundation
import Gateway
import SelfCheck

extension AuthExample {
    /// Serves on a free port, and tests the program over HTTP.
    static func selfCheck(_ gateway: GatewayServer) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await gateway.run() }
            try await checkAnswers(gateway)
            gateway.shutdown()
            try await group.waitForAll()
        }
        print("auth: as expected")
    }

    private static func checkAnswers(_ gateway: GatewayServer) async throws {
        let address = try await gateway.boundAddresses()[0]
        let link = links.sign("/reports/7", until: .now + 60)
        try expect("HTTP/1.1 200 OK", "the report", in: try await fetch(link, at: address))
        let others = [
            "/reports/7", link.replacing("/7", with: "/8"), link.replacing("expires=1", with: "expires=2"),
            link + "x", links.sign("/reports/7", until: .now - 1),
        ]
        for other in others {
            let answer = try await fetch(other, at: address)
            try expect("HTTP/1.1 401 Unauthorized", "WWW-Authenticate: SignedLink realm=\"reports\"", in: answer)
        }
        // A right link does not allow everything.
        let admin = links.sign("/admin/reports", until: .now + 60)
        try expect("HTTP/1.1 403 Forbidden", in: try await fetch(admin, at: address))
    }
}
