import GatewaySettings
import Testing

@testable import GatewayAdmin
@testable import GatewayCore

struct RequestFilterTests {
    private static func request(
        _ status: Int = 502,
        route: String = "users",
        milliseconds: Int64 = 100,
        consumer: String? = nil
    ) -> KeptRequest {
        var request = KeptRequest(
            .failed,
            route: route,
            status: status,
            duration: milliseconds * 1_000_000,
            endedAt: 0,
            time: 0
        )
        request.consumer = consumer
        return request
    }

    private static func accepts(_ query: String, _ request: KeptRequest) throws(AdminRefusal) -> Bool {
        try RequestFilter.read(AdminQuery(query)).0.accepts(request)
    }

    @Test(arguments: [
        ("", true), ("route=users", true), ("route=other", false), ("status=5xx", true), ("status=502", true),
        ("status=500", false), ("status=4xx", false), ("min_ms=100", true), ("min_ms=99.9", true),
        ("min_ms=100.1", false),
        ("consumer=ann", true), ("consumer=bob", false), ("route=&status=&min_ms=&consumer=", true),
        ("route=users&status=5xx&min_ms=50&consumer=ann", true), ("route=users&status=5xx&min_ms=500", false),
    ])
    func `a request has to match all filters`(query: String, isAccepted: Bool) throws {
        let accepts = try Self.accepts(query, Self.request(consumer: "ann"))
        #expect(accepts == isAccepted)
    }

    @Test(arguments: [
        "status=6xx", "status=0xx", "status=99", "status=1000", "status=-50", "status=xxx", "status=5Xx", "status=5%78",
        "status=502&status=503", "status=٥xx", "min_ms=-1", "min_ms=nan", "min_ms=inf", "min_ms=1e3", "min_ms=0x1",
        "min_ms=1.2.3", "min_ms=99999999999999", "min_ms=%00", "limit=0", "limit=1001", "limit=x", "limit=",
        "route=a&route=b",
        "consumer=a&consumer=a",
    ])
    func `nonsense is refused`(query: String) throws {
        let refusal = #expect(throws: AdminRefusal.self) { try RequestFilter.read(AdminQuery(query)) }
        #expect(refusal?.error.status == 422)
        #expect(refusal?.error.problems.count == 1)
    }

    @Test func `all mistakes are reported at once`() {
        let refusal = #expect(throws: AdminRefusal.self) {
            try RequestFilter.read(AdminQuery("status=x&min_ms=y&limit=z"))
        }
        #expect(refusal?.error.problems.map(\.field) == ["limit", "status", "min_ms"])
    }

    @Test func `an entry has all fields of the contract`() {
        var request = Self.request(consumer: "ann")
        request.requestID = "abc"
        request.tries = [.init(target: "127.0.0.1:1", status: nil, failure: "refused", duration: 1_500_000)]
        guard case .object(let members) = request.json else { return }
        #expect(
            members.map(\.name) == [
                "request_id", "trace_id", "time", "route", "method", "path", "query", "status", "code", "end",
                "consumer",
                "duration_ms", "phases", "tries",
            ]
        )
        #expect(
            request.json["tries"] == [
                ["target": "127.0.0.1:1", "status": .null, "failure": "refused", "duration_ms": 1.5]
            ]
        )
        #expect(request.json["phases"]?["queue_ms"] == .null)
    }
}
