import Foundation
import NIOCore

@testable import Gateway
@testable import GatewayCore
@testable import GatewayEvents
@testable import GatewaySettings

/// A gateway for tests of streams, with the admin API and one route.
///
/// - Parameter events: Lines of `[events]`.
func withEvents(
    _ events: String = "",
    admin: String = "",
    workers: Int = 1,
    drainTimeout: TimeSpan = .milliseconds(20),
    _ body: (RunningGateway) async throws -> Void
) async throws {
    let toml = """
        [admin]
        \(admin)
        [events]
        \(events)
        [[routes]]
        path = "/*"
        respond = { status = 200, body = "traffic" }
        """
    try await withGateway(
        toml,
        workers: workers,
        admin: .address(.host("127.0.0.1", port: 0)),
        drainTimeout: drainTimeout,
        body
    )
}

extension RunningGateway {
    /// Publishes an event with a number.
    func publish(_ number: Int, topic: String = "gateway", filler: Int = 0) {
        var data: [String: JSONValue] = ["number": .integer(number)]
        if filler > 0 { data["filler"] = .string(String(repeating: "x", count: filler)) }
        self.server.bus.publish(GatewayEvent("test.event", .info, topic: topic, data))
    }

    func connectToAdmin(buffers: Int? = nil) async throws -> RawConnection {
        guard let address = try await self.server.adminAddress() else { throw TimedOut(what: "the admin API") }
        return try await RawConnection.connect(to: address, buffers: buffers)
    }

    /// Sends a GET to the admin API and returns its response.
    func adminGet(_ target: String, _ fields: String...) async throws -> Message {
        let client = try await self.connectToAdmin()
        defer { client.close() }
        let lines = fields.map { $0 + "\r\n" }.joined()
        try await client.send("GET \(target) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\(lines)\r\n")
        return try await client.finalResponse()
    }
}

/// One message of a stream.
struct StreamedMessage {
    var id: String?
    var event: String?
    var json: [String: Any] = [:]

    var type: String? { self.json["type"] as? String }
    var code: String? { self.json["code"] as? String }
    var topics: [String]? { self.json["topics"] as? [String] }
    var eventType: String? { (self.json["event"] as? [String: Any])?["type"] as? String }
    var eventID: String? { (self.json["event"] as? [String: Any])?["id"] as? String }
    /// The number of an event that ``RunningGateway/publish(_:topic:filler:)`` published.
    var number: Int? {
        ((self.json["event"] as? [String: Any])?["data"] as? [String: Any])?["number"] as? Int
    }

    init(json text: String) throws {
        self.json = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] ?? [:]
    }
}

/// A client of `GET /events`. It uses HTTP/1.0, so that the stream comes without chunks.
struct EventSource {
    let connection: RawConnection

    /// Opens a stream and reads its beginning.
    static func open(
        _ gateway: RunningGateway,
        _ target: String = "/events",
        _ fields: String...,
        buffers: Int? = nil
    ) async throws -> EventSource {
        let connection = try await gateway.connectToAdmin(buffers: buffers)
        let lines = fields.map { $0 + "\r\n" }.joined()
        try await connection.send("GET \(target) HTTP/1.0\r\nHost: localhost\r\n\(lines)\r\n")
        let head = try await connection.head()
        guard head.hasPrefix("HTTP/1.1 200 ") else { throw Message.Truncated(received: head, end: .finished) }
        guard try await connection.text(through: "\n\n") == "retry: 2000\n\n" else { throw TimedOut(what: "retry") }
        return EventSource(connection: connection)
    }

    /// The next message or comment.
    func block() async throws -> String { try await self.connection.text(through: "\n\n") }

    /// The next message.
    func next() async throws -> StreamedMessage {
        while true {
            let lines = try await self.block().split(separator: "\n")
            let data = lines.compactMap { $0.hasPrefix("data: ") ? $0.dropFirst(6) : nil }
            guard !data.isEmpty else { continue }
            var message = try StreamedMessage(json: data.joined(separator: "\n"))
            for line in lines {
                if line.hasPrefix("id: ") { message.id = String(line.dropFirst(4)) }
                if line.hasPrefix("event: ") { message.event = String(line.dropFirst(7)) }
            }
            return message
        }
    }

    func close() { self.connection.close() }
}

/// A client of `GET /events/ws`.
struct EventSocket {
    let connection: RawConnection
    let head: String

    static let key = "dGhlIHNhbXBsZSBub25jZQ=="

    static func handshake(_ target: String, _ fields: [String]) -> String {
        let lines = fields.map { $0 + "\r\n" }.joined()
        return "GET \(target) HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            + "Sec-WebSocket-Key: \(self.key)\r\nSec-WebSocket-Version: 13\r\n\(lines)\r\n"
    }

    static func open(
        _ gateway: RunningGateway,
        _ target: String = "/events/ws",
        _ fields: String...,
        buffers: Int? = nil
    ) async throws -> EventSocket {
        let connection = try await gateway.connectToAdmin(buffers: buffers)
        try await connection.send(self.handshake(target, fields))
        let head = try await connection.head()
        guard head.hasPrefix("HTTP/1.1 101 ") else { throw Message.Truncated(received: head, end: .finished) }
        return EventSocket(connection: connection, head: head)
    }

    /// Sends a frame with the mask 0.
    func send(_ opcode: UInt8, _ payload: [UInt8], isFinal: Bool = true) async throws {
        var bytes: [UInt8] = [(isFinal ? 0x80 : 0) | opcode]
        if payload.count <= 125 {
            bytes.append(0x80 | UInt8(payload.count))
        } else {
            bytes += [0x80 | 127] + (0..<8).map { UInt8(truncatingIfNeeded: payload.count >> (56 - 8 * $0)) }
        }
        try await self.connection.send(bytes: bytes + [0, 0, 0, 0] + payload)
    }

    func send(_ text: String) async throws { try await self.send(1, Array(text.utf8)) }

    func subscribe(_ topics: String..., action: String = "subscribe") async throws {
        let list = topics.map { "\"\($0)\"" }.joined(separator: ",")
        try await self.send("{\"type\":\"subscription\",\"action\":\"\(action)\",\"topics\":[\(list)]}")
    }

    /// The next frame.
    func frame() async throws -> (opcode: UInt8, payload: [UInt8]) {
        let head = try await self.connection.bytes(2)
        guard head[0] & 0xF0 == 0x80, head[1] & 0x80 == 0 else { throw TimedOut(what: "a whole unmasked frame") }
        let count =
            switch head[1] {
            case 126: try await self.connection.bytes(2).reduce(0) { $0 << 8 | Int($1) }
            case 127: try await self.connection.bytes(8).reduce(0) { $0 << 8 | Int($1) }
            default: Int(head[1])
            }
        return (head[0] & 15, count > 0 ? try await self.connection.bytes(count) : [])
    }

    /// The next message.
    func next() async throws -> StreamedMessage {
        let frame = try await self.frame()
        guard frame.opcode == 1 else { throw TimedOut(what: "a text frame instead of \(frame)") }
        return try StreamedMessage(json: String(decoding: frame.payload, as: UTF8.self))
    }

    /// Skips messages until the close frame, and returns its code.
    func closeCode() async throws -> Int {
        while true {
            let frame = try await self.frame()
            if frame.opcode == 8 { return frame.payload.prefix(2).reduce(0) { $0 << 8 | Int($1) } }
        }
    }

    func close() { self.connection.close() }
}

extension Message {
    /// The body as a list of JSON objects under a name.
    func objects(_ name: String) throws -> [[String: Any]] {
        let object = try JSONSerialization.jsonObject(with: Data(self.text.utf8)) as? [String: Any]
        return object?[name] as? [[String: Any]] ?? []
    }
}
