import GatewayCore
import GatewayHTTP
import GatewaySettings

/// `POST /drain`: prepares for the end, without the end.
struct DrainEndpoint: AdminEndpoint {
    let path = "/drain"
    let method = Method.post
    let scope = AdminScope.write
    let action: AuditAction? = .startDrain
    let summary = "Reports that the gateway is not ready, and ends keep-alive. Listeners stay open."
    let operation = APIOperation("startDrain", .health, answers: [.json(.drain)])

    package func answer(_ call: AdminCall) async throws(AdminRefusal) -> Response {
        try AdminBody.requireEmpty(call.request.body)
        try await call.act(on: nil, from: call.drain, to: ["draining": true]) { call.status.control?.startDrain() }
        return .admin(call.drain)
    }
}

/// `DELETE /drain`: takes the drain back.
struct CancelDrainEndpoint: AdminEndpoint {
    let path = "/drain"
    let method = Method.delete
    let scope = AdminScope.write
    let action: AuditAction? = .cancelDrain
    let summary = "Ends a drain that `POST /drain` started."
    let operation = APIOperation("cancelDrain", .health, answers: [.json(.drain)])

    package func answer(_ call: AdminCall) async throws(AdminRefusal) -> Response {
        try AdminBody.requireEmpty(call.request.body)
        // A gateway that is ending remains draining.
        let after: JSONValue = ["draining": .boolean(call.status.shared.isEnding)]
        try await call.act(on: nil, from: call.drain, to: after) { call.status.control?.cancelDrain() }
        return .admin(call.drain)
    }
}

extension AdminCall {
    /// The state of the drain.
    fileprivate var drain: JSONValue { ["draining": .boolean(self.status.shared.isDraining)] }
}

extension APISchema {
    fileprivate static let drain = Self.object(["draining": .boolean("Whether the gateway finishes its requests.")])
}
