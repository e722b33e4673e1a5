import Testing

@testable import GatewayEvents

@Suite struct DeliverySlotsTests {
    @Test func `one that waits gets the place that was given back`() throws {
        var slots = DeliverySlots(limit: 1, failing: 1)
        let slot = try #require(slots.take(for: "a", isFailing: false))
        #expect(slots.take(for: "b", isFailing: false) == nil)
        #expect(slots.take(for: "c", isFailing: false) == nil)
        #expect(slots.next() == nil)
        slots.give(slot)
        #expect(slots.next() == "b")
        #expect(slots.take(for: "b", isFailing: false) != nil)
        #expect(slots.next() == nil)
    }

    @Test func `one that does not take its place leaves it to the next`() throws {
        var slots = DeliverySlots(limit: 1, failing: 1)
        let slot = try #require(slots.take(for: "a", isFailing: false))
        for webhook in ["b", "c"] { #expect(slots.take(for: webhook, isFailing: false) == nil) }
        slots.give(slot)
        // It was deleted, and never asks.
        #expect(slots.next() == "b")
        #expect(slots.next() == "c")
        #expect(slots.take(for: "c", isFailing: false) != nil)
    }

    @Test func `one that waits may ask again, and waits once`() throws {
        var slots = DeliverySlots(limit: 1, failing: 1)
        let slot = try #require(slots.take(for: "a", isFailing: false))
        for _ in 0..<3 { #expect(slots.take(for: "b", isFailing: false) == nil) }
        slots.give(slot)
        let second = try #require(slots.take(for: "b", isFailing: false))
        slots.give(second)
        #expect(slots.next() == nil)
    }

    @Test func `those that fail share a part`() throws {
        var slots = DeliverySlots(limit: 3, failing: 1)
        let failing = try #require(slots.take(for: "a", isFailing: true))
        #expect(slots.take(for: "b", isFailing: true) == nil)
        #expect(slots.take(for: "c", isFailing: false) != nil)
        #expect(slots.next() == nil)
        slots.give(failing)
        #expect(slots.next() == "b")
    }
}
