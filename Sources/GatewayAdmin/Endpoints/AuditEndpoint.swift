import GatewayCore
import GatewayHTTP
import GatewaySettings
import NIOCore

/// `/audit`: who changed what, when, and from where.
struct AuditEndpoint: AdminEndpoint {
    let path = "/audit"
    let summary = "Who changed what, when and from where: `?after=SEQ&limit=100`, the oldest first."
    let operation = APIOperation(
        "listAuditEntries",
        .access,
        query: [
            .limit,
            APIParameter("after", .integer("The `seq` of the last entry of the previous page.", 0, to: Int.max)),
        ],
        answers: [.list("entries", of: Self.schema)]
    )

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

extension AuditEndpoint {
    fileprivate static let schema = APISchema.object([
        "seq": .integer("The number of the entry.", 17, from: 1),
        "time": .time(""),
        "actor": .text("`admin` with a token, `local` without, `anonymous` if access was refused.", "admin"),
        "address": .text("Where the request came from.", "127.0.0.1").orNull,
        "action": .word("", of: AuditAction.all.map(\.name)),
        "target": .text("What the act concerns.", "api/127.0.0.1:9001").orNull,
        "before": .any("What it was.", ["weight": 1]),
        "after": .any("What it becomes.", ["weight": 5]),
        "result": .text("`ok`, or the code of the error.", "ok"),
        "request_id": .text("", "0192f0c17e2a70008000000000000001").orNull,
        "previous": .text("The hash of the entry before.", AuditLine.noHash),
        "hash": .text("The hash of the entry.", AuditLine.noHash),
    ])
}
