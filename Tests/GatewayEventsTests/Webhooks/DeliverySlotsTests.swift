import Testing

@testable import GatewayEvents

@Suite struct DeliverySlotsTests {
    @Test func `one that waits gets the place that was given back`() throws {
        var slots = DeliverySlots(limit: 1, failing: 1)
        let slot = try slots.taken(for: "a", isFailing: false)
        slots.expect("b", isFailing: false, gets: false)
        slots.expect("c", isFailing: false, gets: false)
        slots.expectNext(nil)
        slots.give(slot)
        slots.expectNext("b")
        slots.expect("b", isFailing: false, gets: true)
        slots.expectNext(nil)
    }

    @Test func `one that does not take its place leaves it to the next`() throws {
        var slots = DeliverySlots(limit: 1, failing: 1)
        let slot = try slots.taken(for: "a", isFailing: false)
        for webhook in ["b", "c"] { slots.expect(webhook, isFailing: false, gets: false) }
        slots.give(slot)
        // It was deleted, and never asks.
        slots.expectNext("b")
        slots.expectNext("c")
        slots.expect("c", isFailing: false, gets: true)
    }

    @Test func `one that waits may ask again, and waits once`() throws {
        var slots = DeliverySlots(limit: 1, failing: 1)
        let slot = try slots.taken(for: "a", isFailing: false)
        for _ in 0..<3 { slots.expect("b", isFailing: false, gets: false) }
        slots.give(slot)
        let second = try slots.taken(for: "b", isFailing: false)
        slots.give(second)
        slots.expectNext(nil)
    }

    @Test func `those that fail share a part`() throws {
        var slots = DeliverySlots(limit: 3, failing: 1)
        let failing = try slots.taken(for: "a", isFailing: true)
        slots.expect("b", isFailing: true, gets: false)
        slots.expect("c", isFailing: false, gets: true)
        slots.expectNext(nil)
        slots.give(failing)
        slots.expectNext("b")
    }
}

extension DeliverySlots {
    /// Returns a place; there has to be one.
    fileprivate mutating func taken(for webhook: String, isFailing: Bool) throws -> Slot {
        let slot = self.take(for: webhook, isFailing: isFailing)
        return try #require(slot)
    }

    fileprivate mutating func expect(_ webhook: String, isFailing: Bool, gets isPlace: Bool) {
        let slot = self.take(for: webhook, isFailing: isFailing)
        #expect((slot != nil) == isPlace)
    }

    fileprivate mutating func expectNext(_ webhook: String?) {
        let next = self.next()
        #expect(next == webhook)
    }
}
