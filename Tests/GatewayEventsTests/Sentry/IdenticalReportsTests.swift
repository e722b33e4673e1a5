import GatewayCore
import NIOCore
import Testing

@testable import GatewayEvents

@Suite struct IdenticalReportsTests {
    private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
    private static let identity = RequestReport.Identity(route: "r", code: "c", upstream: "u")

    @Test func `ten pass in any minute, and the next one says how many did not`() {
        var reports = IdenticalReports()
        for second in 0..<10 {
            #expect(reports.reported(Self.identity, at: Self.start + .seconds(Int64(second))) == .send(missed: 0))
        }
        for _ in 0..<5 { #expect(reports.reported(Self.identity, at: Self.start + .seconds(59)) == .drop) }
        reports.missed(Self.identity, 7)
        #expect(reports.reported(Self.identity, at: Self.start + .seconds(60)) == .send(missed: 12))
        // The second of the first ten was a second later.
        #expect(reports.reported(Self.identity, at: Self.start + .seconds(60)) == .drop)
        #expect(reports.reported(Self.identity, at: Self.start + .seconds(61)) == .send(missed: 1))
    }

    @Test func `other routes, codes and upstreams count apart`() {
        var reports = IdenticalReports()
        for _ in 0..<10 { _ = reports.reported(Self.identity, at: Self.start) }
        for other in [
            RequestReport.Identity(route: "x", code: "c", upstream: "u"),
            RequestReport.Identity(route: "r", code: "x", upstream: "u"),
            RequestReport.Identity(route: "r", code: "c", upstream: "x"),
        ] {
            #expect(reports.reported(other, at: Self.start) == .send(missed: 0))
        }
    }

    @Test func `an error is captured at once, and then once a minute with the number since`() {
        var captured = CapturedErrors()
        #expect(captured.occurred(Self.identity, 3, at: Self.start) == .publish(count: 3))
        #expect(captured.occurred(Self.identity, 1, at: Self.start + .seconds(59)) == .wait)
        #expect(captured.occurred(Self.identity, 2, at: Self.start + .seconds(60)) == .publish(count: 3))
    }
}
