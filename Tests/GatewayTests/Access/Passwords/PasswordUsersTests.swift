import GatewaySettings
import Testing

@testable import GatewayAccess

@Suite struct PasswordUsersTests {
    private static let first = "$2b$10$LYcn4ph/hU/XcuhMP5.oP.GTweCpQFWrUx5tcEruONmHq75zAY1Hy"
    private static let second = "$5$saltstring$C3o4O1TC6aRHF4FI.QSZMXtHbaj2gSXr4sUc/3NcUi."

    @Test
    func `users of the configuration come with their plan and scope`() throws {
        var configuration = BasicConfiguration()
        var ann = UserConfiguration(try #require(PasswordHash(Self.first)))
        ann.plan = "gold"
        ann.scope = ["read write", "admin"]
        configuration.users = ["ann": ann]
        let bob = PasswordUsers.User(name: "bob", password: try #require(PasswordHash(Self.second)))
        let users = PasswordUsers(configuration, file: [bob])
        #expect(users.users.map(\.name) == ["ann", "bob"])
        #expect(users.users[0].plan == "gold")
        #expect(users.users[0].scope == ["read", "write", "admin"])
        #expect(users.users[1].plan == nil)
        #expect(users.lookUp("bob", choice: 0) == .user(1, bob.password))
    }

    @Test
    func `an unknown name costs what a user's does`() throws {
        let hashes = try [Self.first, Self.second].map { try #require(PasswordHash($0)) }
        let users = PasswordUsers(hashes.enumerated().map { PasswordUsers.User(name: "\($0)", password: $1) })
        #expect(users.lookUp("ann", choice: 4) == .nobody(hashes[0]))
        #expect(users.lookUp("ann", choice: UInt64.max) == .nobody(hashes[1]))
        #expect(PasswordUsers([]).lookUp("ann", choice: 4) == .empty)
    }
}
