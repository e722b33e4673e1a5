import NIOCore
import Testing

@testable import Gateway

struct ServiceMessageTests {
    @Test(arguments: [
        (ServiceMessage.ready, "READY=1"), (.stopping, "STOPPING=1"), (.watchdog, "WATCHDOG=1"),
        (.mainProcess(4711), "MAINPID=4711"),
        (.reloading(at: .uptimeNanoseconds(1_234_567_890)), "RELOADING=1\nMONOTONIC_USEC=1234567"),
    ])
    func `texts`(message: ServiceMessage, text: String) { #expect(message.text == text) }

    @Test(
        arguments: [
            (["WATCHDOG_USEC": "30000000"], 30), (["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"], 30),
            (["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "8"], nil), (["WATCHDOG_USEC": "0"], nil),
            (["WATCHDOG_USEC": "-1"], nil), (["WATCHDOG_USEC": "often"], nil),
            (["WATCHDOG_USEC": "9223372036854775807"], nil), ([:], nil),
        ] as [([String: String], Int64?)]
    )
    func `the watchdog`(environment: [String: String], seconds: Int64?) {
        #expect(ServiceWatchdog(environment, process: 7)?.limit == seconds.map { .seconds($0) })
    }

    @Test func `it is fed at half of the limit`() throws {
        let watchdog = try #require(ServiceWatchdog(["WATCHDOG_USEC": "3000000"], process: 7))
        #expect(watchdog.interval == .milliseconds(1500))
        #expect(watchdog.patience == .milliseconds(750))
    }
}
