import GatewayCore
import GatewayHTTP
import GatewaySettings
import NIOCore

/// `/`: the list of endpoints, as HTML or JSON.
struct IndexEndpoint: AdminEndpoint {
    let path = "/"
    let summary = "This list."
    let operation = APIOperation(
        "getIndex",
        .api,
        answers: [
            APIAnswer(200, ["application/json"], .index),
            APIAnswer(200, ["text/html"], .text("A page with the same list.", "<!DOCTYPE html>…")),
        ]
    )

    package func answer(_ call: AdminCall) -> Response {
        if Self.prefersJSON(call.request.accept) { return .admin(Self.json) }
        var page = Response.admin("text/html; charset=utf-8", ByteBuffer(string: Self.html))
        page.add(.contentSecurityPolicy, "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
        page.add(.vary, "Accept")
        return page
    }

    private static var json: JSONValue {
        let endpoints = AdminEndpoints.all.map { endpoint -> JSONValue in
            [
                "aliases": .array(endpoint.aliases.map { .string($0) }),
                "method": .string("\(endpoint.method.name)"),
                "path": .string(endpoint.path),
                "summary": .string(endpoint.summary),
            ]
        }
        return ["endpoints": .array(endpoints), "version": .string(GatewayVersion.current)]
    }

    private static var html: String {
        let rows = AdminEndpoints.all.map { endpoint in
            let path = endpoint.path
            let isLink = endpoint.method == .get && !path.contains("{")
            let name = isLink ? "<a href=\"\(path)\">\(path)</a>" : path
            return "<tr><td>\(endpoint.method.name)</td><td>\(name)</td><td>\(endpoint.summary)</td></tr>"
        }
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width">
            <title>Gateway \(GatewayVersion.current)</title>
            <style>
            body { font: 1rem/1.5 system-ui, sans-serif; margin: 3rem auto; max-width: 44rem; padding: 0 1rem }
            td { padding: .2rem 1.5rem .2rem 0 }
            :root { color-scheme: light dark }
            </style>
            </head>
            <body>
            <h1>Gateway \(GatewayVersion.current)</h1>
            <table>
            \(rows.joined(separator: "\n"))
            </table>
            </body>
            </html>

            """
    }

    /// Whether an `Accept` field names JSON but not HTML, or JSON with more weight.
    private static func prefersJSON(_ accept: String?) -> Bool {
        var json = 0
        var html = 0
        for range in AcceptedRange.list(accept) {
            switch range.name {
            case "application/json", "application/*": json = max(json, range.weight)
            case "text/html", "text/*": html = max(html, range.weight)
            default: continue
            }
        }
        return json > html
    }
}

extension APISchema {
    fileprivate static let index = Self.object([
        "endpoints": .list(
            of: .object([
                "aliases": .list(of: .text("A further path with the same answer.", "/health/liveness")),
                "method": .text("", "GET"),
                "path": .text("`{name}` is one segment.", "/health/live"),
                "summary": .text("", "Liveness."),
            ])
        ),
        "version": .text("The version of the gateway.", GatewayVersion.current),
    ])
}
