import GatewayCore
import GatewayHTTP
import GatewaySettings

/// `POST /drain`: prepares for the end, without the end.
struct DrainEndpoint: AdminEndpoint {
    let path = "/drain"
    let method = Method.post
    let scope = AdminScope.write
    let summary = "Reports that the gateway is not ready, and ends keep-alive. Listeners stay open."

    package func answer(_ call: AdminCall) async throws(AdminRefusal) -> Response {
        try AdminBody.requireEmpty(call.request.body)
        call.status.control?.startDrain()
        return .drain(call.status)
    }
}

/// `DELETE /drain`: takes the drain back.
struct CancelDrainEndpoint: AdminEndpoint {
    let path = "/drain"
    let method = Method.delete
    let scope = AdminScope.write
    let summary = "Ends a drain that `POST /drain` started."

    package func answer(_ call: AdminCall) async throws(AdminRefusal) -> Response {
        try AdminBody.requireEmpty(call.request.body)
        call.status.control?.cancelDrain()
        return .drain(call.status)
    }
}

extension Response {
    /// The state of the drain. A gateway that is ending remains draining.
    fileprivate static func drain(_ status: GatewayStatus) -> Response {
        .admin(["draining": .boolean(status.shared.isDraining)])
    }
}
