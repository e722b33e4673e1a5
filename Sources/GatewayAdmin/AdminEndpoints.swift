import GatewayEvents
package import GatewayHTTP
import GatewaySettings

/// The endpoints of the admin API, and which of them a path belongs to.
package enum AdminEndpoints {
    /// In the order of the index and the manual. The first endpoint that matches a request answers it.
    package static let all: [any AdminEndpoint] = [
        IndexEndpoint(),
        DashboardPageEndpoint(),
        APIDocumentsPageEndpoint(),
        DescriptionEndpoint(),
        LivenessEndpoint(),
        ReadinessEndpoint(),
        HealthEndpoint(),
        DetailedHealthEndpoint(),
        PollingEndpoint(),
        MetricsEndpoint(),
        PerformanceEndpoint(),
        RoutePerformanceEndpoint(),
        SystemEndpoint(),
        CountersEndpoint(),
        ResetStatisticsEndpoint(),
        DashboardDataEndpoint(),
        RequestsEndpoint(),
        RequestEndpoint(),
        RoutesEndpoint(),
        UpstreamsEndpoint(),
        DrainTargetEndpoint(),
        ReadyTargetEndpoint(),
        WeighTargetEndpoint(),
        WebSocketsEndpoint(),
        ConsumersEndpoint(),
        DisableConsumerEndpoint(),
        EnableConsumerEndpoint(),
        CacheEndpoint(),
        PurgeCacheEndpoint(),
        AlertsEndpoint(),
        AlertHistoryEndpoint(),
        SilenceAlertEndpoint(),
        EndSilenceEndpoint(),
        TestAlertEndpoint(),
        EventStreamEndpoint(),
        EventSocketEndpoint(),
        RecentEventsEndpoint(),
        EventClientsEndpoint(),
        WebhooksEndpoint(),
        CreateWebhookEndpoint(),
        WebhookEndpoint(),
        ChangeWebhookEndpoint(),
        DeleteWebhookEndpoint(),
        TestWebhookEndpoint(),
        RotateWebhookEndpoint(),
        EnableWebhookEndpoint(),
        DisableWebhookEndpoint(),
        DeliveriesEndpoint(),
        RedeliverEndpoint(),
        AuditEndpoint(),
        ConfigurationEndpoint(),
        ReloadEndpoint(),
        CheckEndpoint(),
        DiffEndpoint(),
        DrainEndpoint(),
        CancelDrainEndpoint(),
    ]

    /// The endpoint for a request's method and path.
    package enum Match {
        /// With the values of the path's `{name}`s.
        case endpoint(any AdminEndpoint, parameters: [String])
        /// The path has endpoints, for the methods in `allow` only.
        case otherMethod(any AdminEndpoint, allow: String)
        case none
    }

    package static func match(_ method: Method, _ path: String) -> Match {
        var others: [any AdminEndpoint] = []
        for endpoint in self.all {
            guard let parameters = endpoint.paths.lazy.compactMap({ self.parameters(of: path, under: $0) }).first else {
                continue
            }
            if endpoint.method == method || endpoint.method == .get && method == .head {
                return .endpoint(endpoint, parameters: parameters)
            }
            others.append(endpoint)
        }
        guard let first = others.first else { return .none }
        return .otherMethod(first, allow: others.map(\.allowedMethods).joined(separator: ", "))
    }

    /// The values of a template's `{name}`s, unescaped; nil if the path does not match the template.
    package static func parameters(of path: String, under template: String) -> [String]? {
        let wanted = template.split(separator: "/", omittingEmptySubsequences: false)
        let given = path.split(separator: "/", omittingEmptySubsequences: false)
        guard wanted.count == given.count else { return nil }
        var parameters: [String] = []
        for (want, segment) in zip(wanted, given) {
            if want.hasPrefix("{") {
                if segment.isEmpty { return nil }
                parameters.append(PercentEncoding.decoded(segment))
            } else if want != segment {
                return nil
            }
        }
        return parameters
    }

    /// The paths that an entry of `admin.expose` selects: an endpoint and those below it. `/` selects the index only.
    package static func paths(exposedAs entry: String) -> [String] {
        ConfigurationVocabulary.paths(self.exposable, exposedAs: entry)
    }

    /// The paths that accept handshakes of WebSockets.
    package static var webSocketPaths: [String] {
        self.all.filter { ($0 as? any AdminStreamEndpoint)?.format == .webSocket }.flatMap(\.paths)
    }

    /// The paths that `admin.expose` may name.
    package static var exposable: [String] { self.all.filter { $0.scope != .write }.flatMap(\.paths) }
}
