import GatewayCore
import GatewayHTTP
import GatewaySettings
import NIOCore

/// `POST /config/reload`: reads the configuration again and applies it, as SIGHUP does.
struct ReloadEndpoint: AdminEndpoint {
    let path = "/config/reload"
    let method = Method.post
    let scope = AdminScope.write
    let action: AuditAction? = .reload
    let summary = "Reloads the configuration: 200 with the changes, or 422 with the errors."
    let operation = APIOperation(
        "reloadConfiguration",
        .configuration,
        answers: [
            .json(.configurationChanges, "What the reload changed."),
            .json(422, .checkReport, "The configuration has errors and was not applied."),
        ],
        problems: [.conflict, .draining]
    )

    package func answer(_ call: AdminCall) async throws(AdminRefusal) -> Response {
        try AdminBody.requireEmpty(call.request.body)
        guard let control = call.status.control else { throw AdminRefusal(error: GatewayError(.draining)) }
        switch await control.reload(by: call.actor) {
        case .reloaded(let applied): return .admin(applied.json)
        case .refused(let errors, let file): return .invalidConfiguration(errors, file: file)
        case .unrecorded: throw .unrecorded
        case .unavailable(let reason): throw AdminRefusal(error: GatewayError(.conflict, detail: reason))
        }
    }
}

extension Response {
    /// 422 with what `gateway check --json` prints.
    static func invalidConfiguration(_ errors: [ConfigurationError], file: String) -> Response {
        let text = JSONText.text(.check(of: file, errors: errors), indented: true)
        return .admin("application/json", ByteBuffer(string: text + "\n"), status: 422)
    }
}
