import NIOCore
import NIOPosix
import Testing

@testable import Gateway
@testable import GatewayCore

/// The wheel on its event loop. `DeadlineWheelStateMachineTests` covers its decisions.
struct DeadlineWheelTests {
    private final class Owner: DeadlineOwner {
        let act: () -> Void
        init(_ act: @escaping () -> Void) { self.act = act }
        func deadlineReached(now: NIODeadline) { self.act() }
    }

    /// This happens when a deadline closes the last connection of a drain.
    @Test func `an owner may stop the wheel while others are due`() async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let calls = try await loop.flatSubmit {
            let wheel = DeadlineWheel(eventLoop: loop)
            let promise = loop.makePromise(of: Int.self)
            var calls = 0
            let slots = (0..<3).map { _ in
                let slot = wheel.makeSlot()
                wheel.own(
                    slot,
                    Owner {
                        calls += 1
                        wheel.stop()
                        // After everything else that is due.
                        loop.assumeIsolated().execute { promise.succeed(calls) }
                    }
                )
                wheel.set(slot, to: loop.now)
                return slot
            }
            return promise.futureResult.assumeIsolated().map { calls in
                for slot in slots {
                    wheel.set(slot, to: loop.now)
                    wheel.free(slot)
                }
                return calls
            }.nonisolated()
        }.get()
        #expect(calls == 1)
    }
}
