import GatewayCore
import GatewayHTTP
import NIOCore

/// `/audit`: who changed what, when, and from where.
struct AuditEndpoint: AdminEndpoint {
    let path = "/audit"
    let queryParameters = AdminQuery.pageParameters
    let summary = "Who changed what, when and from where: `?after=SEQ&limit=100`, the oldest first."

    func answer(_ call: AdminCall) async throws(AdminRefusal) -> Response {
        let page = try call.query.numberedPage()
        let lines = await call.status.audit.entries(after: page.after, limit: page.limit)
        // The lines are those of the file, so that clients can verify the chain.
        var body = ByteBuffer(string: "{\"entries\":[")
        for (index, line) in lines.enumerated() {
            body.writeString(index == 0 ? "\n" : ",\n")
            body.writeBytes(line.bytes)
        }
        body.writeString("]}\n")
        return .admin("application/json", body)
    }
}
