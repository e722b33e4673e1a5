import GatewaySettings
import Testing

@testable import GatewayAccess

@Suite struct PasswordHashCryptTests {
    private static let umlauts = "pässwörd: 100%"

    /// Made by htpasswd, Python's bcrypt and passlib, OpenSSL and mkpasswd.
    @Test(arguments: [
        (umlauts, "$2y$04$ixmooqvR6WfTJV27yXmdj.a2DJha55jcYTzV0mWlpB9wn4aVcKOFm"),
        (umlauts, "$2a$04$8gpghElTsDc0Dr.R/kQ87OCXCQ6KO4QHT56anukC22fzxIFf/z6oK"),
        (umlauts, "$2b$04$BY38w.Y1hW6.FNsNLvOS3eESQd9Gqwb10oA9SjcsszM2ROuQ9/WJW"),
        ("secret", "$2b$05$5ORQsyEVtc0m2J2o7O9eku73eHwHPToGouKvVXv7p6lLCAXWFgtfq"),
        (umlauts, "$5$rounds=1000$openssl$dEb8.dFAIZvP9ISPuvV4hqtQ.IxZ/Ebs/hsmmTI3AA4"),
        ("secret", "$5$rounds=1234$4OTHaiTgHueuJsHP$Ml66o48AW8chgwyrt2WmamnJSCsdSg8cPEiJ.yeY7AB"),
        (
            umlauts,
            "$6$rounds=1000$openssl$qLFp7HQ4/p.Zi7ouB7v7/j6c4Cfg4KWHoq2/ymJJqXaHy907RtbFCEq5Wvx/CLOytq2jTu89hP0aXOYtot9461"
        ),
        (
            "",
            "$6$rounds=1234$s5giXIAjifwkXeDr$U616oWp2yjJy3aYNz5r8vqXVxgu3RfM9BSg2Ej.wxMtCTNcrz3i9MhdT25toWKoQp83Uui3MNQT0K9M//dKRf1"
        ),
        (
            "secret",
            "$6$rounds=1000$TFabwTPxfuS49ZCk$WtO16ieBxBNOY7TsDJhEE7KTGR8RXIWkLvkM.K4U90AIUPg0vGYtPoiQljpnwfR.Dyc5XmnLfUgF.D4xv4PNU0"
        ),
    ])
    func `only the right password matches`(_ password: String, _ text: String) throws {
        let hash = try #require(PasswordHash(text))
        #expect(hash.matches(Array(password.utf8)))
        #expect(!hash.matches(Array((password + "x").utf8)))
        #expect(!hash.matches(Array(password.utf8.dropLast()) + [0x7A]))
    }

    @Test
    func `no other password matches`() throws {
        let hash = try #require(PasswordHash("$2y$04$jZ9TyE.Vo80JId/xauRzX.GQ3u6ZVnvhM64e89fr1BoZSkzNdeRVe"))
        #expect(hash.matches(Array("secret".utf8)))
        for number in 0..<150 { #expect(!hash.matches(Array("secret\(number)".utf8)), "secret\(number)") }
    }

    @Test
    func `a hash that differs in one character is another`() throws {
        let text = Array("$5$rounds=1000$openssl$dEb8.dFAIZvP9ISPuvV4hqtQ.IxZ/Ebs/hsmmTI3AA4".utf8)
        for index in (text.count - 43)..<text.count {
            for flip in [UInt8(1), 2, 4] {
                var other = text
                other[index] ^= flip
                let hash = PasswordHash(String(decoding: other, as: UTF8.self))
                #expect(hash?.matches(Array(Self.umlauts.utf8)) != true, "\(index)")
            }
        }
    }

    @Test
    func `bcrypt uses the first 72 bytes`() throws {
        let hash = try #require(PasswordHash("$2b$04$iIWaf3tavSWYCHUiGwcuIOUj4Q9F9q5Vbgl7h15WY8AWYWaO.7d1G"))
        #expect(!hash.matches([UInt8](repeating: 0x78, count: 71)))
        #expect(hash.matches([UInt8](repeating: 0x78, count: 72)))
        #expect(hash.matches([UInt8](repeating: 0x78, count: 73)))
    }

    @Test
    func `a password with NUL matches nothing`() throws {
        let hash = try #require(PasswordHash("$2b$05$5ORQsyEVtc0m2J2o7O9eku73eHwHPToGouKvVXv7p6lLCAXWFgtfq"))
        #expect(hash.matches(Array("secret".utf8)))
        #expect(!hash.matches(Array("secret\u{0}".utf8)))
        #expect(!hash.matches(Array("secret\u{0}more".utf8)))
    }

    @Test
    func `a password that is too long matches nothing`() throws {
        let hash = try #require(PasswordHash("$2b$04$iIWaf3tavSWYCHUiGwcuIOUj4Q9F9q5Vbgl7h15WY8AWYWaO.7d1G"))
        #expect(hash.matches([UInt8](repeating: 0x78, count: 511)))
        #expect(!hash.matches([UInt8](repeating: 0x78, count: 512)))
    }
}
