import GatewayCore
import GatewayHTTP
import GatewaySettings

/// `POST /config/check`: checks a configuration as `gateway check` does.
struct CheckEndpoint: AdminEndpoint {
    let path = "/config/check"
    let method = Method.post
    let scope = AdminScope.write
    let bodyLimit = ConfigurationBody.limit
    let summary = "Checks a posted configuration: 200 with the errors and warnings."
    let operation = APIOperation(
        "checkConfiguration",
        .configuration,
        body: ConfigurationBody.description,
        answers: [.json(.checkReport)],
        problems: [.draining]
    )

    package func answer(_ call: AdminCall) async throws(AdminRefusal) -> Response {
        try await ConfigurationBody.inspect(call) { await $0.check($1) }
    }
}

/// `POST /config/diff`: compares a configuration with the running one.
struct DiffEndpoint: AdminEndpoint {
    let path = "/config/diff"
    let method = Method.post
    let scope = AdminScope.write
    let bodyLimit = ConfigurationBody.limit
    let summary =
        "What a posted configuration would change, or with `?of=file` a reload: 200 with the changes, or 422 with the errors."
    let operation = APIOperation(
        "compareConfiguration",
        .configuration,
        query: [APIParameter("of", .word("Compares the file of the gateway. There is no body then.", of: ["file"]))],
        body: ConfigurationBody.description,
        answers: [
            .json(.configurationChanges, "What a reload would change."),
            .json(422, .checkReport, "The configuration has errors."),
        ],
        problems: [.draining]
    )

    package func answer(_ call: AdminCall) async throws(AdminRefusal) -> Response {
        let sources = call.query.values(of: "of")
        if sources.isEmpty { return try await ConfigurationBody.inspect(call) { await $0.compare($1) } }
        guard sources == ["file"] else {
            throw .invalid([GatewayError.Problem(field: "of", reason: "must be \"file\"")])
        }
        try AdminBody.requireEmpty(call.request.body)
        return try await ConfigurationBody.inspect(call) { control, _ in await control.compare(nil) }
    }
}

/// A posted configuration.
package enum ConfigurationBody {
    /// In bytes.
    package static let limit = 1024 * 1024

    /// A file may be empty.
    fileprivate static let description = APIBody(
        types: ["text/plain"],
        schema: .text("A configuration file.", "[server]\nlisten = \"127.0.0.1:8080\"\n"),
        isRequired: false
    )

    fileprivate static func inspect(
        _ call: AdminCall,
        _ body: (any GatewayControl, String) async -> InspectionOutcome
    ) async throws(AdminRefusal) -> Response {
        let text = try AdminBody.text(call.request.body)
        guard let control = call.status.control else { throw AdminRefusal(error: GatewayError(.draining)) }
        switch await body(control, text) {
        case .report(let report): return .admin(report)
        case .refused(let errors, let file): return .invalidConfiguration(errors, file: file)
        case .busy:
            let detail = "Other configurations are being checked. Try again later."
            throw AdminRefusal(error: GatewayError(.overloaded, detail: detail, retryAfter: 1))
        }
    }
}
