import GatewayHTTP1

/// What `/` says: the endpoints, for people or for programs.
enum AdminIndex {
    static var json: SettingValue {
        let endpoints = AdminEndpoint.allCases.map { endpoint -> SettingValue in
            [
                "method": .string("\(endpoint.method.name)"),
                "path": .string(endpoint.paths[0]),
                "aliases": .list(endpoint.paths.dropFirst().map { .string($0) }),
                "summary": .string(endpoint.summary),
            ]
        }
        return ["version": .string(GatewayVersion.current), "endpoints": .list(endpoints)]
    }

    static var html: String {
        let rows = AdminEndpoint.allCases.map { endpoint in
            let path = endpoint.paths[0]
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

    /// Whether an `Accept` field names JSON and not HTML, or JSON with more weight.
    static func prefersJSON(_ accept: String?) -> Bool {
        var json = 0
        var html = 0
        for range in (accept ?? "").lowercased().split(separator: ",") {
            let parts = range.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" } }
            let quality = parts.dropFirst().first { $0.hasPrefix("q=") }
            let weight = quality.map { MediaRange.weight($0.dropFirst(2)) ?? 0 } ?? 1000
            switch parts.first {
            case "application/json", "application/*": json = max(json, weight)
            case "text/html", "text/*": html = max(html, weight)
            default: continue
            }
        }
        return json > html
    }
}
