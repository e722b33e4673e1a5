import GatewayCore
import GatewayEvents
import GatewayHTTP
import GatewaySettings

/// `/openapi.json`: this API, for programs.
struct DescriptionEndpoint: AdminEndpoint {
    let path = "/openapi.json"
    let summary = "This API as OpenAPI 3.1."
    let operation = APIOperation(
        "getDescription",
        .api,
        answers: [.json(.object(["openapi": .text("", "3.1.0")], others: .any("")))]
    )

    func answer(_ call: AdminCall) async -> Response {
        let configuration = call.status.configuration
        return .admin(
            APIDocument(
                hasToken: !configuration.admin.token.isEmpty,
                hasEventsToken: !configuration.events.token.isEmpty,
                lists: await call.lists
            ).json
        )
    }
}

extension AdminCall {
    /// The names of the elements that the lists have now.
    fileprivate var lists: [APIList: [String]] {
        get async {
            let routes = self.status.configuration.routes.map(\.name)
            let measured = await self.status.registry.measuredRoutes()
            return [
                .routes: routes,
                .measuredRoutes: routes + PerformanceEndpoint.reservedRoutes.filter(measured.contains),
                .upstreams: self.status.upstreams.configuration.keys.sorted(),
                .consumers: self.status.shared.consumers.listed.map(\.name),
                .webhooks: await self.status.events?.webhooks.all().map(\.id) ?? [],
            ]
        }
    }
}
