import Testing

@testable import GatewayCore

struct SharedObjectsTests {
    private final class Counts: Sendable {}

    @Test func `an object of plans is forgotten when no plan of a new configuration uses it`() {
        let shared = SharedState()
        let kept = shared.objectOfPlans("kept") { Counts() }
        let gone = shared.objectOfPlans("gone") { Counts() }
        shared.willBuildPlans()
        #expect(shared.objectOfPlans("kept") { Counts() } === kept)
        shared.forgetUnusedObjects()
        #expect(shared.objectsOfPlans == 1)
        #expect(shared.objectOfPlans("kept") { Counts() } === kept)
        #expect(shared.objectOfPlans("gone") { Counts() } !== gone)
    }

    @Test func `a configuration that is refused forgets nothing`() {
        let shared = SharedState()
        let counts = shared.objectOfPlans("counts") { Counts() }
        shared.willBuildPlans()
        shared.willBuildPlans()
        #expect(shared.objectOfPlans("counts") { Counts() } === counts)
        shared.forgetUnusedObjects()
        #expect(shared.objectOfPlans("counts") { Counts() } === counts)
    }

    @Test func `other objects live as long as the gateway`() {
        let shared = SharedState()
        let pool = shared.object("pool") { Counts() }
        shared.willBuildPlans()
        shared.forgetUnusedObjects()
        #expect(shared.object("pool") { Counts() } === pool)
        #expect(shared.objectsOfPlans == 0)
    }

    @Test func `an object in use lives as long as its users`() {
        let shared = SharedState()
        var first: Counts? = shared.objectInUse("counts") { Counts() }
        #expect(shared.objectInUse("counts") { Counts() } === first)
        weak let reference = first
        first = nil
        #expect(reference == nil)
        shared.forgetUnusedObjects()
        first = shared.objectInUse("counts") { Counts() }
        #expect(shared.objectInUse("counts") { Counts() } === first)
    }
}
