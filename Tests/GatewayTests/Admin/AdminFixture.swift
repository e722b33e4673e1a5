import FoundationEssentials
import GatewayHTTP1
import Logging
import NIOCore

@testable import Gateway
@testable import GatewayAdmin
@testable import GatewayCore
@testable import GatewayEvents
@testable import GatewayHTTP
@testable import GatewayMiddlewares
@testable import GatewaySettings

/// An admin API without sockets.
struct AdminFixture {
    let status: GatewayStatus
    /// Statistics start at this time and are read at this time, so that no time passes, however long a test takes.
    var now: NIODeadline { self.status.shared.startedAt }
    var router: AdminRouter { AdminRouter(status: self.status, now: { [now] in now }) }

    init(
        certificates: CertificateWatch? = nil,
        audit: AuditLog = AuditLog(),
        _ configure: (inout GatewayConfiguration) -> Void = { _ in }
    ) {
        var configuration = GatewayConfiguration()
        configuration.admin.listen = .address(.host("gateway.internal", port: 8081))
        configure(&configuration)
        configuration.nameRoutes()
        let upstreams = UpstreamRegistry(configuration, inProcess: [:])
        self.status = GatewayStatus(
            GatewayStatus.Running(configuration: configuration, upstreams: upstreams),
            middlewares: .standard,
            shared: SharedState(),
            registry: MeterRegistry(),
            reloads: ReloadMeters(start: 0),
            audit: audit,
            certificates: certificates,
            eventLoops: []
        )
        self.status.registerMeters(droppedLogLines: nil)
    }

    /// A GET from this machine.
    static func request(_ path: String, _ change: (inout AdminRequest) -> Void = { _ in }) -> AdminRequest {
        var request = AdminRequest(path: path)
        request.peer = IPAddress("127.0.0.1")
        request.host = "127.0.0.1:8081"
        change(&request)
        return request
    }

    /// Starts what serves events, without a store. ``endEvents()`` has to follow.
    func startEvents() async throws {
        let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        self.status.events = try await EventService.start(
            self.status.configuration,
            bus: EventBus(gateway: "test:1"),
            registry: self.status.registry,
            reports: self.status.shared.requestReports,
            names: NameResolver(NameResolver.Settings(servers: "127.0.0.1"), log: log),
            log: log
        )
    }

    func endEvents() async {
        await self.status.events?.stop()
        self.status.events = nil
    }

    func get(_ path: String, _ change: (inout AdminRequest) -> Void = { _ in }) async throws(AdminRefusal) -> Response {
        try await self.router.response(to: Self.request(path, change))
    }

    /// The status of the response or of the refusal.
    func statusCode(_ path: String, _ change: (inout AdminRequest) -> Void = { _ in }) async -> Int {
        do throws(AdminRefusal) {
            return try await self.get(path, change).status
        } catch {
            return error.error.status
        }
    }

    func json(_ path: String) async throws -> SettingValue { try await self.get(path).json }
}

extension AdminRouter {
    /// The response of an endpoint that does not stream.
    func response(to request: AdminRequest) async throws(AdminRefusal) -> Response {
        switch try await self.answer(request) {
        case .response(let response): return response
        case .stream(let client):
            client.leave()
            throw .badRequest("A stream.")
        }
    }
}

extension Response {
    var text: String { String(buffer: self.body) }

    var json: SettingValue {
        get throws { try JSONDecoder().decode(SettingValue.self, from: Data(self.text.utf8)) }
    }

    func value(of name: String) -> String? {
        self.fields.lines.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}

extension PreparedFields {
    var lines: [(name: String, value: String)] {
        var block = HeaderBlock()
        block.add(self)
        return block.fields.map { (block.string($0.name), block.string($0.value)) }
    }
}

extension SettingValue {
    subscript(_ keys: String...) -> SettingValue? {
        keys.reduce(self) { value, key in
            switch value {
            case .table(let entries)?: entries[key]
            case .list(let elements)?: Int(key).flatMap { elements.indices.contains($0) ? elements[$0] : nil }
            default: nil
            }
        }
    }
}
