import GatewayCore
import GatewayHTTP
import NIOCore
import Testing

@testable import GatewayAdmin

/// The pages as documents. `scripts/dashboard-test` uses them in a browser.
struct AdminPageTests {
    private static let pages: [(name: String, page: AdminPage)] = [
        ("dashboard", DashboardPageEndpoint.page), ("api-docs", APIDocumentsPageEndpoint.page),
    ]

    private static func text(_ page: AdminPage, nonce: String = "N0NCE") -> String {
        String(buffer: page.response(nonce: nonce).body)
    }

    @Test func `a page has its style and its script, both with the nonce of the policy`() {
        for (name, page) in Self.pages {
            let text = Self.text(page)
            #expect(text.components(of: "nonce=\"N0NCE\"") == 2, "\(name)")
            #expect(!text.contains("NONCE\""), "\(name)")
            #expect(text.contains("--accent"), "\(name)")
            #expect(text.contains("\"use strict\""), "\(name)")
            let head = page.response(nonce: "N0NCE").head
            #expect(head.contains("default-src 'none'; script-src 'nonce-N0NCE'; style-src 'nonce-N0NCE'"), "\(name)")
            #expect(head.contains("frame-ancestors 'none'"), "\(name)")
            #expect(!head.contains("unsafe"), "\(name)")
            #expect(head.contains("X-Frame-Options: DENY\r\n"), "\(name)")
        }
    }

    @Test func `each response has another nonce`() {
        let heads = Set((0..<100).map { _ in DashboardPageEndpoint.page.response().head })
        #expect(heads.count == 100)
    }

    @Test func `a page weighs at most 100 KiB`() {
        for (name, page) in Self.pages { #expect(Self.text(page).utf8.count <= 100 * 1024, "\(name)") }
    }

    /// Inline styles and handlers would be blocked. Markup from text would let the name of a route become a script.
    @Test(arguments: [
        " style=", " onclick=", "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(",
        "new Function",
        "localStorage", "sessionStorage", "document.cookie", "EventSource", "src=\"http", "url(", "@import",
    ])
    func `a page does without what its policy forbids`(text: String) {
        for (name, page) in Self.pages { #expect(!Self.text(page).contains(text), "\(name)") }
    }

    @Test func `the headings of the dashboard are its parts`() {
        let text = Self.text(DashboardPageEndpoint.page)
        let parts = text.split(separator: "<h2 ").dropFirst().compactMap { piece in
            piece.split(separator: ">", maxSplits: 1).last?.split(separator: "<", maxSplits: 1).first
        }
        #expect(
            parts == [
                "Overview", "Problems", "Routes", "Upstreams", "Limits", "Cache", "Events", "Alerts", "Configuration",
            ]
        )
    }
}

extension String {
    fileprivate func components(of text: String) -> Int {
        self.split(separator: text, omittingEmptySubsequences: false).count - 1
    }
}

extension Response {
    /// The lines of the head.
    fileprivate var head: String { String(buffer: self.fields.bytes) }
}
