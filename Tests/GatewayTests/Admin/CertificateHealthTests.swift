import GatewayEvents
import Logging
import NIOConcurrencyHelpers
import Testing

@testable import Gateway
@testable import GatewayAdmin
@testable import GatewayCore
@testable import GatewaySettings
@testable import GatewayTLS

/// What operators learn about certificates that need attention.
struct CertificateHealthTests {
    private final class RecordedEvents: EventSink {
        private let box = NIOLockedValueBox<[GatewayEvent]>([])
        var all: [GatewayEvent] { self.box.withLockedValue { $0 } }
        func publish(_ event: GatewayEvent) { self.box.withLockedValue { $0.append(event) } }
    }

    /// Runs `body` with a watch of the certificates `a.pem` and `b.pem`, which were made so many days ago.
    private static func withWatch(
        _ ages: (Int64, Int64),
        _ body: (CertificateWatch, RecordedEvents, CertificateFolder) async throws -> Void
    ) async throws {
        try await CertificateFolder.with { folder in
            try folder.write("a", age: ages.0)
            try folder.write("b", age: ages.1)
            var configuration = GatewayConfiguration()
            configuration.document.folder = ConfigurationFolder(of: folder.path + "/gateway.toml")
            var tls = TLSConfiguration()
            tls.certificates = ["a", "b"].map { CertificateConfiguration(certificate: $0 + ".pem", key: $0 + ".key") }
            configuration.server.tls = tls
            let events = RecordedEvents()
            let watch = CertificateWatch(events: events, log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            watch.apply(try watch.prepare(configuration))
            try await body(watch, events, folder)
        }
    }

    @Test(arguments: [(0, 0, "pass", 364), (0, 355, "warn", 9), (0, 367, "warn", -2)] as [(Int64, Int64, String, Int)])
    func `a certificate that expires is a warning in the health`(
        first: Int64,
        second: Int64,
        status: String,
        days: Int
    ) async throws {
        try await Self.withWatch((first, second)) { watch, _, _ in
            let response = try await AdminFixture(certificates: watch).get("/health")
            #expect(response.status == 200)
            let health = try response.json
            #expect(health["status"] == .string(status))
            #expect(health["checks", "certificate:a.pem", "0", "status"] == "pass")
            #expect(health["checks", "certificate:b.pem", "0", "status"] == .string(status))
            let left = health["checks", "certificate:b.pem", "0", "observedValue"]
            // The test may have started a while ago.
            #expect((days - 1...days + 1).contains { left == .integer($0) })
            #expect(health["checks", "certificate:b.pem", "0", "observedUnit"] == "days left")
            #expect((health["checks", "certificate:b.pem", "0", "output"] != nil) == (status == "warn"))
        }
    }

    @Test func `files that were refused are a warning too`() async throws {
        try await Self.withWatch((0, 0)) { watch, events, folder in
            try folder.write("nothing", to: "b.pem")
            watch.look()
            watch.look()
            let health = try await AdminFixture(certificates: watch).get("/health").json
            #expect(health["status"] == "warn")
            let output = "its new files are not used: b.pem: the file contains no PEM certificate"
            #expect(health["checks", "certificate:b.pem", "0", "output"] == .string(output))
            #expect(events.all.map(\.type) == ["tls.certificate_rejected"])
            #expect(events.all.flatMap(EventCatalog.deviations) == [])
        }
    }

    @Test func `an event reminds of each certificate once a day`() async throws {
        try await Self.withWatch((0, 355)) { watch, events, _ in
            let now = CertificateFolder.now + 60
            watch.remind(at: now)
            watch.remind(at: now)
            #expect(events.all.count == 1)
            #expect(events.all[0].type == "tls.certificate_expiring")
            #expect(events.all[0].severity == .warning)
            #expect(events.all[0].topic == "gateway")
            #expect(events.all[0].data == ["file": "b.pem", "days": 9])
            watch.remind(at: now + 86_400)
            #expect(events.all.last?.data["days"] == 8)
            watch.remind(at: now + 20 * 86_400)
            #expect(events.all.last?.data["days"] == -11)
            #expect(events.all.map(\.severity) == [.warning, .warning, .critical])
            #expect(events.all.flatMap(EventCatalog.deviations) == [])
        }
    }
}
