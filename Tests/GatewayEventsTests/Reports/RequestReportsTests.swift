import NIOCore
import Synchronization
import Testing

@testable import GatewayCore

@Suite struct RequestReportsTests {
    private static func report(_ route: String) -> RequestReport {
        RequestReport(.trace, route: route, status: 500, upstream: "", time: 0, details: RequestDetails())
    }

    @Test func `the receiver is called once until it has found nothing`() {
        let reports = RequestReports()
        let calls = Mutex(0)
        reports.whenThereAreSome { calls.withLock { $0 += 1 } }
        let (a, b) = (reports.makeMailbox(), reports.makeMailbox())
        a.add(Self.report("1"))
        b.add(Self.report("2"))
        let identity = RequestReport.Identity(route: "r", code: "c", upstream: "")
        a.add(identity, status: 500)
        b.add(identity, status: 502, isLimited: true)
        #expect(calls.withLock { $0 } == 1)
        let batch = reports.take()
        #expect(batch.reports.map(\.route) == ["1", "2"])
        #expect(batch.repeated == [identity: RepeatedFailure(status: 502, count: 2, limited: 1)])
        a.add(Self.report("3"))
        #expect(calls.withLock { $0 } == 1)
        #expect(reports.take().reports.map(\.route) == ["3"])
        #expect(reports.take().isEmpty)
        a.add(Self.report("4"))
        #expect(calls.withLock { $0 } == 2)
    }

    @Test func `a full mailbox drops the oldest and counts them`() {
        let reports = RequestReports()
        let mailbox = reports.makeMailbox()
        for number in 0..<1003 { mailbox.add(Self.report("\(number)")) }
        #expect(reports.take().reports.first?.route == "3")
        #expect(reports.number(.dropped) == 3)
        for number in 0..<1003 {
            mailbox.add(RequestReport.Identity(route: "\(number)", code: "", upstream: ""), status: 500)
        }
        #expect(reports.take().repeated.count == 1000)
    }
}
