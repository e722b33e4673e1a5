import GatewayCore
import GatewaySettings
import NIOCore

/// The events `error.captured`. The first of its kind is published at once, further ones once a minute with their number
/// since.
struct CapturedErrors {
    private static let period = TimeAmount.minutes(1)
    /// More kinds than this start anew.
    private static let maxKinds = 1000

    private struct Kind {
        var next: NIODeadline
        var count = 0
    }

    private var kinds: [RequestReport.Identity: Kind] = [:]

    enum OnError: Equatable {
        case publish(count: Int)
        case wait
    }

    /// - Parameter count: How many of the kind occurred.
    mutating func occurred(_ identity: RequestReport.Identity, _ count: Int, at now: NIODeadline) -> OnError {
        if self.kinds.count >= Self.maxKinds, self.kinds[identity] == nil { self.kinds = [:] }
        var kind = self.kinds[identity] ?? Kind(next: now)
        defer { self.kinds[identity] = kind }
        kind.count += count
        guard now >= kind.next else { return .wait }
        kind.next = now + Self.period
        defer { kind.count = 0 }
        return .publish(count: kind.count)
    }
}

extension GatewayEvent {
    /// `error.captured`: the gateway or an upstream failed requests.
    static func captured(_ identity: RequestReport.Identity, status: Int, count: Int) -> GatewayEvent {
        var data: [String: JSONValue] = ["code": .string(identity.code), "count": .integer(count)]
        if !identity.route.isEmpty { data["route"] = .string(identity.route) }
        if !identity.upstream.isEmpty { data["upstream"] = .string(identity.upstream) }
        if status > 0 { data["status"] = .integer(status) }
        return GatewayEvent("error.captured", .warning, topic: "gateway", data)
    }
}
