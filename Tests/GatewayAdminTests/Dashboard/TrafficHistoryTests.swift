import GatewaySettings
import NIOCore
import Testing

@testable import GatewayAdmin
@testable import GatewayCore

struct TrafficHistoryTests {
    /// The requests of one second.
    private static func traffic(_ statuses: [Int], nanoseconds: UInt64 = 2_000_000) -> Traffic {
        let performance = RoutePerformance()
        for status in statuses {
            performance.record(
                nanoseconds: nanoseconds,
                status: status,
                isError: status >= 500,
                at: .uptimeNanoseconds(1_000_000_000)
            )
        }
        var traffic = Traffic()
        performance.copy(1...1, to: &traffic)
        return traffic
    }

    private static func column(_ json: [String: JSONValue], _ name: String) -> [JSONValue] {
        guard case .array(let values)? = json[name] else { return [] }
        return values
    }

    @Test func `a second is a value, and what was before the start is null`() {
        var history = TrafficHistory()
        let usage = TrafficHistory.Usage(inFlight: 3, processorCores: 0.5, memory: 1_048_576)
        history.append(Self.traffic([200, 200, 200, 502]), usage, at: 5000)
        let json = history.json(.quarter, upTo: 5000) { Int64($0) * 1000 }
        #expect(json["step_seconds"] == 1)
        #expect(json["end"] == "1970-01-01T01:23:21.000Z")
        for (name, value) in [
            ("rate", 4.0), ("error_ratio", 0.25), ("in_flight", 3), ("cpu_cores", 0.5),
        ] {
            let column = Self.column(json, name)
            #expect(column.count == 900)
            #expect(column.last == .number(value), "\(name)")
            #expect(column.dropLast().allSatisfy { $0 == .null })
        }
        #expect(Self.column(json, "memory_bytes").last == 1_048_576)
        guard case .number(let p50)? = Self.column(json, "p50_ms").last else {
            Issue.record("no p50")
            return
        }
        #expect(abs(p50 - 2) < 0.1)
    }

    @Test func `a second without requests has a rate of 0 and no quantiles`() {
        var history = TrafficHistory()
        history.append(Traffic(), at: 42)
        let json = history.json(.quarter, upTo: 42) { Int64($0) * 1000 }
        #expect(Self.column(json, "rate").last == 0.0)
        #expect(Self.column(json, "error_ratio").last == .null)
        #expect(Self.column(json, "p99_ms").last == .null)
    }

    @Test func `ten seconds become one value of the longer span`() {
        var history = TrafficHistory()
        for second: UInt64 in 100..<120 {
            let statuses = [Int](repeating: second < 110 ? 200 : 500, count: 30)
            history.append(Self.traffic(statuses), TrafficHistory.Usage(inFlight: Float(second)), at: second)
        }
        let json = history.json(.hours, upTo: 119) { Int64($0) * 1000 }
        #expect(json["step_seconds"] == 10)
        #expect(json["end"] == "1970-01-01T00:02:00.000Z")
        #expect(Self.column(json, "rate").count == 720)
        #expect(Self.column(json, "rate").suffix(3) == [.null, 30.0, 30.0])
        #expect(Self.column(json, "error_ratio").suffix(2) == [0.0, 1.0])
        #expect(Self.column(json, "in_flight").last == 114.5)
        #expect(Self.column(json, "cpu_cores").last == .null)
    }

    @Test func `a step that is not over is not listed`() {
        var history = TrafficHistory()
        for second: UInt64 in 100..<115 { history.append(Self.traffic([200]), at: second) }
        let json = history.json(.hours, upTo: 114) { Int64($0) * 1000 }
        #expect(json["end"] == "1970-01-01T00:01:50.000Z")
        #expect(Self.column(json, "rate").suffix(2) == [.null, 1.0])
    }

    @Test func `a route has no figures of the process`() {
        var history = TrafficHistory(ofRoute: true)
        history.append(Self.traffic([200]), at: 9)
        let json = history.json(.quarter, upTo: 9) { Int64($0) * 1000 }
        #expect(json["memory_bytes"] == nil)
        #expect(Self.column(json, "rate").last == 1.0)
    }
}
