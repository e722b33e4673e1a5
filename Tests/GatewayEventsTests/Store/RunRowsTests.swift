import Testing

@testable import GatewayEvents

@Suite struct RunRowsTests {
    private static let first = StoredRun(gateway: "host:1", version: "1.0.0", started: 1)
    private static let second = StoredRun(gateway: "host:2", version: "1.0.1", started: 2)
    /// As in a container that starts anew: the same process ID.
    private static let third = StoredRun(gateway: "host:1", version: "1.0.1", started: 3)

    private static func open() throws -> SQLiteConnection { try EventDatabase.openMemory(.current) }

    @Test func `a run that did not end is found by the next one, once`() throws {
        let connection = try Self.open()
        #expect(try RunRows.begin(Self.first, in: connection) == nil)
        #expect(try RunRows.begin(Self.second, in: connection) == Self.first)
        #expect(try RunRows.begin(Self.third, in: connection) == Self.second)
        #expect(try RunRows.begin(Self.third, in: connection) == nil)
    }

    @Test func `a run that ends leaves nothing, and does not end another one`() throws {
        let connection = try Self.open()
        _ = try RunRows.begin(Self.first, in: connection)
        try RunRows.end(Self.third, in: connection)
        #expect(try RunRows.begin(Self.second, in: connection) == Self.first)
        try RunRows.end(Self.second, in: connection)
        #expect(try RunRows.begin(Self.third, in: connection) == nil)
    }
}
