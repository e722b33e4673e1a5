import Testing

@testable import GatewayAccess

@Suite struct BasicCredentialsTests {
    private func read(_ field: String) -> OnAuthorization {
        Array(field.utf8).withUnsafeBytes { BasicCredentials.read($0) }
    }

    private func credentials(_ name: String, _ password: String) -> OnAuthorization {
        .credentials(BasicCredentials(name: name, password: Array(password.utf8)))
    }

    @Test(arguments: ["Basic", "basic", "BASIC", "bAsIc", "Basic   "])
    func `the scheme has no case`(_ scheme: String) {
        #expect(self.read("\(scheme) QWxhZGRpbjpvcGVuIHNlc2FtZQ==") == self.credentials("Aladdin", "open sesame"))
    }

    @Test
    func `names and passwords are UTF-8`() {
        // The example of RFC 7617 section 2.1.
        #expect(self.read("Basic dGVzdDoxMjPCow==") == self.credentials("test", "123£"))
    }

    @Test
    func `a password may have colons, and both may be empty`() {
        #expect(self.read("Basic YTpiOmM6") == self.credentials("a", "b:c:"))
        #expect(self.read("Basic Og==") == self.credentials("", ""))
    }

    @Test(arguments: ["", "Bearer abc", "Basi", "Basicx YTpi", "BasicYTpi", "Digest username=\"a\"", "\u{0}asic YTpi"])
    func `other schemes are none of it`(_ field: String) {
        #expect(self.read(field) == .otherScheme)
    }

    @Test(arguments: [
        ("Basic", BasicCredentials.Malformation.notBase64), ("Basic ", .notBase64), ("Basic =", .notBase64),
        ("Basic YTpi YTpi", .notBase64), ("Basic YTpiYw", .notBase64), ("Basic YTpiYw=", .notBase64),
        ("Basic YTpiYx==", .notBase64), ("Basic YTp_", .notBase64), ("Basic YT==YTpi", .notBase64),
        ("Basic YTpi, Basic YTpi", .notBase64), ("Basic ====", .notBase64), ("Basic YTpi\t", .notBase64),
        ("Basic YTr/", .notUTF8), ("Basic YTrAgA==", .notUTF8), ("Basic YTroAA==", .notUTF8),
        ("Basic YToA", .controlCharacter), ("Basic YTpiCg==", .controlCharacter), ("Basic YQA6Yg==", .controlCharacter),
        ("Basic YTp/", .controlCharacter), ("Basic YTrChQ==", .controlCharacter), ("Basic YWJj", .noColon),
    ])
    func `what cannot be read is malformed`(_ field: String, _ malformation: BasicCredentials.Malformation) {
        #expect(self.read(field) == .malformed(malformation))
    }
}
