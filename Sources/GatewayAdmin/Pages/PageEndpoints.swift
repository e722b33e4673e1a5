import CPages
import GatewayCore

/// `/dashboard`: the live page.
struct DashboardPageEndpoint: AdminEndpoint {
    let path = "/dashboard"
    let scope = AdminScope.open
    let summary = "A live page of routes, upstreams, limits, cache, events, alerts and configuration, for browsers."
    let operation = APIOperation("getDashboardPage", .api, answers: [.page])

    static let page = AdminPage(html: dashboard_html, style: dashboard_css, script: dashboard_js)

    func answer(_ call: AdminCall) -> Response { Self.page.response() }
}

/// `/api/docs`: the description of the API as a page.
struct APIDocumentsPageEndpoint: AdminEndpoint {
    let path = "/api/docs"
    let scope = AdminScope.open
    let summary = "A page that describes this API, and tries its `GET`s, for browsers."
    let operation = APIOperation("getDescriptionPage", .api, answers: [.page])

    static let page = AdminPage(html: api_docs_html, style: api_docs_css, script: api_docs_js)

    func answer(_ call: AdminCall) -> Response { Self.page.response() }
}

extension APIAnswer {
    fileprivate static let page = Self(200, ["text/html"], .text("The page.", "<!DOCTYPE html>…"))
}
