import Gateway
import Testing

@testable import GatewaySettings

@Suite struct PasswordHashTests {
    private static let bcrypt = "LYcn4ph/hU/XcuhMP5.oP.GTweCpQFWrUx5tcEruONmHq75zAY1Hy"
    private static let sha256 = "C3o4O1TC6aRHF4FI.QSZMXtHbaj2gSXr4sUc/3NcUi."

    @Test(arguments: ["$2a$", "$2b$", "$2y$"])
    func `all sound versions of bcrypt are accepted`(_ version: String) throws {
        let hash = try #require(PasswordHash("\(version)10$\(Self.bcrypt)"))
        #expect(hash.scheme == .bcrypt)
        #expect(hash.cost == 10)
        #expect(hash.checksum == "GTweCpQFWrUx5tcEruONmHq75zAY1Hy")
    }

    @Test
    func `SHA crypt has 5000 rounds unless the hash says otherwise`() throws {
        let standard = try #require(PasswordHash("$5$saltstring$\(Self.sha256)"))
        #expect(standard.scheme == .sha256)
        #expect(standard.cost == 5000)
        #expect(PasswordHash("$5$rounds=1000$saltstring$\(Self.sha256)")?.cost == 1000)
    }

    @Test(arguments: [
        "", "x", "$2y$", "$2y$+9$\(bcrypt)", "$2y$1x$\(bcrypt)", "$2y$12\(bcrypt)$", "$2y$12$\(bcrypt)=",
        "$2y$03$\(bcrypt)", "$2y$17$\(bcrypt)", "$5$", "$5$$\(sha256)", "$5$salt:$\(sha256)", "$5$saltstring$",
        "$5$saltstringsaltstring$\(sha256)", "$5$rounds=999$salt$\(sha256)", "$5$rounds=5000001$salt$\(sha256)",
        "$5$rounds=+5000$salt$\(sha256)", "$5$rounds=99999999999999999999$salt$\(sha256)", "$6$salt$\(sha256)",
        "$5$rounds=5000$\(sha256)$",
    ])
    func `everything else is rejected`(_ text: String) {
        #expect(PasswordHash(text) == nil)
    }

    @Test
    func `a hash is redacted, whatever the user is called`() throws {
        let hash = "$2b$10$\(Self.bcrypt)"
        let configuration = try GatewayConfiguration(
            """
            [auth.basic.users]
            ann = "\(hash)"
            plan = { password = "\(hash)", plan = "gold" }
            [[routes]]
            path = "/*"
            respond = {}
            """,
            environment: [:]
        )
        #expect(configuration.auth.basic?.users["ann"]?.password.text == hash)
        let shown = configuration.redacted().quoted
        #expect(!shown.contains(Self.bcrypt))
        #expect(shown.contains("gold"))
        #expect(configuration.document.root?.redacted(at: SettingPath()).value.quoted.contains(Self.bcrypt) == false)
    }
}
