import GatewaySettings
import Testing

@testable import GatewayAccess

@Suite struct PasswordFileTests {
    private static let bcrypt = "$2y$04$jZ9TyE.Vo80JId/xauRzX.GQ3u6ZVnvhM64e89fr1BoZSkzNdeRVe"
    private static let sha512 =
        "$6$8E9TwZAikQt2/vcV$dahjsA0TzYXdr75dDPuBr7Vv9akZG9OVjCLqctHzZE66ykZmkbASQIO9OlfaCqmZoIZ0PBjTjU9YJx66.ZM.L/"

    private func names(_ text: String) -> [String]? {
        guard case .users(let users) = PasswordFile.read(text) else { return nil }
        return users.map(\.name)
    }

    private func mistakes(_ text: String, known: [String] = []) -> [String] {
        guard case .mistakes(let mistakes) = PasswordFile.read(text, known: known) else { return [] }
        return mistakes.map(\.description)
    }

    @Test
    func `reads what htpasswd writes`() {
        #expect(self.names("ann:\(Self.bcrypt)\n\nbob:\(Self.sha512)\n") == ["ann", "bob"])
        #expect(self.names("# users\r\nann:\(Self.bcrypt)\r\n  \r\nJörg Ö:\(Self.sha512)") == ["ann", "Jörg Ö"])
        #expect(self.names("ann:\(Self.bcrypt):a comment") == ["ann"])
        #expect(self.names("") == [])
    }

    @Test
    func `mistakes name their line, and never the hash`() {
        let text = """
            ann:\(Self.bcrypt)
            ann:\(Self.bcrypt)
            bob
            :\(Self.bcrypt)
            apr:$apr1$saltstri$tviOvVZIaS7zgFryeR8bE1
            plain:secret
            none:
            carl:\(Self.bcrypt)
            """
        #expect(
            self.mistakes(text, known: ["carl"]) == [
                "line 2: \"ann\" is a user already: remove one of the two",
                "line 3: there is no colon after the name: write NAME:HASH",
                "line 4: \"\" is not a user name: choose another name",
                "line 5: the password of \"apr\" is an MD5 hash, which is easy to guess: run `htpasswd -B FILE NAME`",
                "line 6: the password of \"plain\" is plain text, not a password hash: run `htpasswd -B FILE NAME`",
                "line 7: \"none\" has no password: run `htpasswd -B FILE NAME`",
                "line 8: \"carl\" is a user already: remove one of the two",
            ]
        )
    }
}
