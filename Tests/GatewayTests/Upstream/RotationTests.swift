import Testing

@testable import GatewayCore

struct RotationTests {
    @Test(
        arguments: [
            ([], "available"),
            ([.unchecked], "unchecked"),
            ([.unreachable], "unreachable"),
            ([.unreachable, .unchecked], "unreachable"),
            ([.circuitHalfOpen], "half open"),
            ([.circuitHalfOpen, .unchecked], "half open"),
            ([.circuitHalfOpen, .unreachable], "unreachable"),
            ([.unhealthy], "unhealthy"),
            ([.unhealthy, .unreachable], "unhealthy"),
            ([.circuitOpen], "circuit open"),
            ([.circuitOpen, .unhealthy, .unreachable], "circuit open"),
            ([.drained], "none"),
            ([.drained, .circuitOpen, .unhealthy], "none"),
        ] as [(EndpointAvailability, String)]
    )
    func `an endpoint is in one set, by the strongest reason against it`(
        _ reasons: EndpointAvailability,
        _ expected: String
    ) {
        var rotation = Rotation()
        rotation.add(3, reasons)
        let sets = [
            "available": rotation.available, "unchecked": rotation.unchecked, "unreachable": rotation.unreachable,
            "half open": rotation.halfOpen, "unhealthy": rotation.unhealthy, "circuit open": rotation.circuitOpen,
        ]
        #expect(sets.filter { !$0.value.isEmpty }.keys.sorted() == (expected == "none" ? [] : [expected]))
        #expect(sets.values.allSatisfy { $0.isEmpty || $0.contains(3) })
        rotation.remove(3)
        #expect(rotation == Rotation())
    }

    @Test(
        arguments: [
            ([.unhealthy], true), ([.unhealthy, .circuitOpen], true), ([.unchecked], false), ([.unreachable], false),
            ([.circuitHalfOpen], false), ([], false),
        ] as [(EndpointAvailability, Bool)]
    )
    func `unhealthy endpoints are left only if every other is out`(_ reasons: EndpointAvailability, _ expected: Bool) {
        var rotation = Rotation()
        rotation.add(0, .unhealthy)
        #expect(rotation.hasOnlyUnhealthy)
        rotation.add(1, reasons)
        #expect(rotation.hasOnlyUnhealthy == expected)
    }
}
