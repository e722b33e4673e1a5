import Gateway
import HTTPTypes

/// Looks up who a session belongs to, and tells the upstream.
struct Session: AsyncMiddleware {
    typealias Config = NoSettings
    static let name = "session"

    init(_ config: Config, in context: inout BuildContext) {}

    func handle(_ request: AsyncRequest, next: @escaping AsyncNext) async throws -> AsyncResponse {
        guard let token = request.head.headerFields[.authorization],
            let user = try await Users.shared.find(token)
        else {
            throw GatewayError(.unauthorized, detail: "Log in first.")
        }
        var request = request
        request.head.headerFields[.user] = user
        return try await next(request)
    }
}

extension HTTPField.Name {
    static let user = HTTPField.Name("X-User") ?? .from
}

/// Represents a database.
actor Users {
    static let shared = Users()
    private let names = ["Bearer ann": "Ann"]

    func find(_ token: String) async throws -> String? { names[token] }
}
