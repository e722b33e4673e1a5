import FoundationEssentials
import GatewayCore
import Logging
import NIOCore
import Testing

@testable import GatewayEvents

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A folder for an event store, which goes with the test.
final class StoreFixture {
    let folder: String
    var path: String { "\(self.folder)/gateway.db" }
    private var ids = EventIDs()

    init() throws {
        var template = Array("/tmp/gateway-store-XXXXXX".utf8CString)
        self.folder = String(cString: try #require(mkdtemp(&template)))
    }

    deinit { try? FileManager.default.removeItem(atPath: self.folder) }

    func database(_ schema: EventSchema = .current, at path: String? = nil) -> EventDatabase {
        EventDatabase(
            path: path ?? self.path,
            schema: schema,
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    func event() -> WebhookEvent {
        let id = self.ids.next(at: 1_800_000_000_000, random: 7)
        return WebhookEvent(id: id, type: "upstream.down", json: ByteBuffer(string: "{}"))
    }

    func mode(of file: String) -> mode_t {
        var found = stat()
        return stat(file, &found) == 0 ? found.st_mode & 0o777 : 0
    }

    func exists(_ file: String) -> Bool { access(file, F_OK) == 0 }
    func remove(_ file: String) { unlink(file) }
    func write(_ bytes: [UInt8], to file: String) throws { try Data(bytes).write(to: URL(filePath: file)) }
}

extension EventDatabase {
    /// Stores an event for a webhook.
    @discardableResult
    func accept(_ event: WebhookEvent, at now: NIODeadline = .now()) throws -> Int {
        try self.run(in: .any, at: now) { connection throws(SQLiteError) in
            try DeliveryRows.insert(event, for: ["ops"], in: connection).count
        }
    }

    /// The number of deliveries that wait.
    func pending(at now: NIODeadline = .now()) throws -> Int {
        try self.run(in: .any, at: now) { connection throws(SQLiteError) in
            try DeliveryRows.pending(in: connection)["ops"] ?? 0
        }
    }

    func list(_ status: DeliveryReport.Status? = nil) throws -> [DeliveryReport] {
        try self.run(in: .any, at: .now()) { connection throws(SQLiteError) in
            try DeliveryRows.list(of: "ops", status: status, before: nil, limit: 100, in: connection)
        }
    }
}
