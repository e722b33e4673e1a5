import GatewayHTTP1
import NIOCore

/// The admin API without its connections: a request in, an answer or a refusal out.
struct AdminRouter: Sendable {
    /// How long the event loops have to show that they turn.
    private static let patience = TimeAmount.seconds(1)

    let status: GatewayStatus
    /// The time that statistics are of.
    var now: @Sendable () -> NIODeadline = { .now() }

    func result(of request: AdminRequest) async -> Result<Response, AdminRefusal> {
        do throws(AdminRefusal) {
            return .success(try await self.answer(request))
        } catch {
            return .failure(error)
        }
    }

    /// - Throws: 400, 401, 403, 404, 405 or 422.
    func answer(_ request: AdminRequest) async throws(AdminRefusal) -> Response {
        let access = AdminAccess(self.status.configuration.admin)
        switch AdminEndpoint.match(request.method, request.path) {
        case .endpoint(let endpoint, let parameters):
            try access.check(request, for: endpoint)
            return try await self.answer(request, endpoint, parameters)
        case .otherMethod(let endpoint, let allow):
            try access.check(request, for: endpoint)
            throw .methodNotAllowed(allow: allow)
        case .none:
            try access.check(request, for: nil)
            throw .notFound
        }
    }

    private func answer(
        _ request: AdminRequest,
        _ endpoint: AdminEndpoint,
        _ parameters: [String]
    ) async throws(AdminRefusal) -> Response {
        switch endpoint {
        case .index:
            if AdminIndex.prefersJSON(request.accept) { return Self.json(AdminIndex.json) }
            var page = Self.response("text/html; charset=utf-8", ByteBuffer(string: AdminIndex.html))
            page.add(.contentSecurityPolicy, "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
            page.add(.vary, "Accept")
            return page
        case .live: return await self.live()
        case .ready: return self.ready()
        case .health: return self.health(HealthReport(self.status))
        case .detailedHealth:
            var report = HealthReport(self.status)
            await report.addDetails(of: self.status)
            return self.health(report)
        case .metrics: return await self.metrics(request)
        case .performance:
            return Self.json(try await PerformanceReport.json(self.status, at: self.now(), AdminQuery(request.query)))
        case .routePerformance:
            let route = parameters.first ?? ""
            guard let report = await PerformanceReport.json(self.status, route: route, at: self.now()) else {
                throw .notFound("There is no route of this name. GET /routes lists them all.")
            }
            return Self.json(report)
        case .system: return Self.json(await SystemReport.json(self.status, within: Self.patience))
        case .counters:
            let start = self.status.statistics
            return Self.json(CounterReport.json(await self.status.registry.snapshot(), since: start))
        case .resetStatistics:
            try AdminBody.requireEmpty(request.body)
            await self.status.resetStatistics(at: self.now())
            return Self.json(["since": .string(self.status.statistics.time)])
        case .routes: return Self.json(try RouteReport.json(self.status, AdminQuery(request.query)))
        case .upstreams: return Self.json(try await UpstreamReport.json(self.status, AdminQuery(request.query)))
        case .configuration: return Self.json(self.status.configuration.redacted())
        }
    }

    private func live() async -> Response {
        let turns = await EventLoopProbe.allTurn(self.status.eventLoops, within: Self.patience)
        return Self.verdict("application/json", ["status": turns ? "pass" : "fail"], fails: !turns)
    }

    private func ready() -> Response {
        let reasons = self.status.reasonsNotReady
        return Self.verdict(
            "application/json",
            [
                "status": reasons.isEmpty ? "pass" : "fail",
                "reasons": .list(reasons.map { .string($0) }),
            ],
            fails: !reasons.isEmpty
        )
    }

    private func health(_ report: HealthReport) -> Response {
        let members = report.json(uptime: self.status.uptime, second: WallClock.milliseconds() / 1000)
        return Self.verdict("application/health+json", members, fails: report.status == .fail)
    }

    private func metrics(_ request: AdminRequest) async -> Response {
        let format = ExpositionFormat.preferred(accept: request.accept)
        let names = Set(AdminQuery(request.query).values(of: "name[]"))
        var page = ByteBuffer()
        let epoch = WallClock.milliseconds() * 1_000_000 - Int64(NIODeadline.now().uptimeNanoseconds)
        PrometheusText(format: format, epoch: epoch, selection: names)
            .write(await self.status.registry.snapshot(), into: &page)
        var response = Self.response(format.contentType, page)
        response.add(.vary, "Accept")
        return response
    }

    private static func json(_ value: SettingValue) -> Response {
        Self.response("application/json", ByteBuffer(string: JSONText.text(value, indented: true) + "\n"))
    }

    /// One line, its members in this order.
    private static func verdict(
        _ type: String,
        _ members: KeyValuePairs<String, SettingValue>,
        fails: Bool
    ) -> Response {
        Self.response(type, ByteBuffer(string: JSONText.text(members: members) + "\n"), status: fails ? 503 : 200)
    }

    private static func response(_ type: String, _ body: ByteBuffer, status: Int = 200) -> Response {
        var response = Response(status: status, headers: [("X-Content-Type-Options", "nosniff")], body: body)
        response.add(.contentType, type)
        response.add(.cacheControl, "no-store")
        return response
    }
}
