import GatewaySettings
import Testing

@testable import GatewayAdmin

/// A validator that finds nothing would make the other tests of the description pass.
struct SchemaValidatorTests {
    private static let schema = APISchema.object(
        ["name": .text("", "x", pattern: "^[a-z]+$"), "count": .integer("", 1, to: 9), "state": .word("", of: ["up"])],
        optional: [
            "since": .time("").orNull, "list": .list(of: .ratio(""), minimum: 1), "open": .map(of: .any(""), "", "a"),
        ]
    )

    private static func faults(_ value: JSONValue) -> Int {
        SchemaValidator(document: [:]).faults(value, self.schema.json).count
    }

    @Test func `an example is valid`() {
        #expect(Self.faults(Self.schema.example) == 0)
        #expect(
            Self.faults(["name": "a", "count": 0, "state": "up", "since": .null, "list": [0, 1, 0.5], "open": [:]]) == 0
        )
    }

    @Test(
        arguments: [
            ["name": "a", "count": 0], ["name": "A", "count": 0, "state": "up"],
            ["name": "a", "count": 10, "state": "up"],
            ["name": "a", "count": -1, "state": "up"], ["name": "a", "count": 0.5, "state": "up"],
            ["name": "a", "count": 0, "state": "down"], ["name": "a", "count": 0, "state": "up", "other": 1],
            ["name": "a", "count": 0, "state": "up", "since": "today"],
            ["name": "a", "count": 0, "state": "up", "list": []],
            ["name": "a", "count": 0, "state": "up", "list": [2]], ["name": .null, "count": 0, "state": "up"], [],
        ] as [JSONValue]
    )
    func `a wrong value has a fault`(value: JSONValue) {
        #expect(Self.faults(value) == 1)
    }

    @Test func `an unknown keyword is a fault`() {
        #expect(SchemaValidator(document: [:]).faults(1, ["multipleOf": 2]).count == 1)
    }
}
