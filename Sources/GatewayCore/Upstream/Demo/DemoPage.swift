/// The page at `/`, which lists the other pages.
enum DemoPage {
    static let response = AsyncResponse(contentType: "text/html; charset=utf-8", text: html)

    private static let html = """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Demo upstream</title>
        <style>
        :root { color-scheme: light dark; --line: #8884; --soft: #888; --link: #0a66c2; }
        @media (prefers-color-scheme: dark) { :root { --link: #6cb2ff; } }
        body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 3rem auto; padding: 0 1.25rem; }
        h1 { font-size: 1.6rem; margin: 0 0 .25rem; }
        p { color: var(--soft); margin: 0 0 1.5rem; }
        table { border-collapse: collapse; width: 100%; }
        td { padding: .55rem .5rem .55rem 0; border-top: 1px solid var(--line); vertical-align: top; }
        td:first-child { white-space: nowrap; padding-right: 1.5rem; }
        a { color: var(--link); text-decoration: none; font-family: ui-monospace, monospace; }
        a:hover { text-decoration: underline; }
        </style>
        </head>
        <body>
        <h1>It works.</h1>
        <p>This is the demo upstream, and you reached it through the gateway. Try what a gateway has to cope with:</p>
        <table>
        \(rows)
        </table>
        </body>
        </html>

        """

    private static var rows: String {
        DemoUpstream.pages.map { page in
            "<tr><td><a href=\"\(page.example)\">\(page.path)</a></td><td>\(page.summary)</td></tr>"
        }.joined(separator: "\n")
    }
}
