import Crypto
import GatewayCore
import NIOCore

/// An event that webhooks get.
struct WebhookEvent: Sendable {
    let id: EventID
    let type: String
    let json: ByteBuffer
}

/// An event that one webhook has not got yet.
struct WebhookDelivery: Sendable {
    /// Its key in the store. Keys rise in the order of events.
    let key: Int64
    let event: WebhookEvent
    /// The number of tries of the current schedule that failed.
    var tries = 0
    /// All tries so far, the oldest first.
    var attempts: [DeliveryTry] = []

    /// How many tries are kept.
    private static let attemptLimit = 50

    /// When the first try of the current schedule ended, in milliseconds since 1970.
    func firstFailure(or now: Int64) -> Int64 {
        self.attempts.suffix(max(self.tries, 1)).first.map { $0.time + $0.duration } ?? now
    }

    mutating func add(_ attempt: DeliveryTry) {
        if self.attempts.count >= Self.attemptLimit { self.attempts.removeFirst() }
        self.attempts.append(attempt)
    }
}

extension WebhookDelivery {
    /// - Parameter row: Key, event, type, JSON, tries, attempts.
    init(_ row: SQLiteRow) {
        self.key = row.integer(0)
        self.event = WebhookEvent(id: EventID(row.bytes(1)), type: row.text(2), json: row.bytes(3))
        self.tries = Int(row.integer(4))
        self.attempts = DeliveryTry.all(in: row.text(5))
    }
}

/// The `webhook-id` of an event for a webhook: the same on every try.
package struct DeliveryID: Hashable, Sendable {
    let event: EventID
    let webhook: String

    init(_ event: EventID, for webhook: String) {
        self.event = event
        self.webhook = webhook
    }

    /// Reads the form of ``description``; nil if it is not the ID of an event for this webhook.
    init?(_ text: String, of webhook: String) {
        let digits = text.dropFirst(4).prefix(32)
        guard text.hasPrefix("msg_"), digits.utf8.count == 32 else { return nil }
        let groups = [(0, 8), (8, 4), (12, 4), (16, 4), (20, 12)].map { digits.dropFirst($0.0).prefix($0.1) }
        guard let event = EventID(groups.joined(separator: "-")) else { return nil }
        self.init(event, for: webhook)
        guard text == self.description else { return nil }
    }
}

extension DeliveryID: CustomStringConvertible {
    /// `msg_`, the event's ID, and a hash of the webhook's ID, because receivers drop what has the ID of a message that
    /// they know, and may belong to several webhooks.
    package var description: String {
        let hash = SHA256.hash(data: Array(self.webhook.utf8)).prefix(4).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        return "msg_" + "\(self.event)".filter { $0 != "-" } + hash.joined()
    }
}

extension EventID {
    /// 16 bytes, whose order is that of the IDs.
    var bytes: ByteBuffer {
        var bytes = ByteBuffer()
        bytes.writeInteger(self.high)
        bytes.writeInteger(self.low)
        return bytes
    }

    init(_ bytes: ByteBuffer) {
        var bytes = bytes
        self.init(high: bytes.readInteger() ?? 0, low: bytes.readInteger() ?? 0)
    }
}
