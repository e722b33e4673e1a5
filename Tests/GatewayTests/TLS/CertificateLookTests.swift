import Testing

@testable import GatewayTLS

struct CertificateLookTests {
    @Test func `files that stay are not read`() {
        let look = CertificateLook(1)
        #expect(look.see(1) == .wait)
        #expect(look.see(2) == .load)
    }

    @Test func `a renewal that is half written is no failure`() {
        var look = CertificateLook(1)
        #expect(look.failed(because: "foreign key") == .keep)
        #expect(look.rejection == nil)
        #expect(look.see(2) == .load)
        #expect(look.loaded(2) == .use)
        #expect(look.see(2) == .wait)
    }

    @Test func `files that are bad twice are reported once`() {
        var look = CertificateLook(1)
        #expect(look.failed(because: "foreign key") == .keep)
        // The version may be that of the files in use again: they are read until they load.
        #expect(look.see(1) == .load)
        #expect(look.failed(because: "foreign key") == .report)
        #expect(look.rejection == "foreign key")
        #expect(look.failed(because: "foreign key") == .keep)
        #expect(look.failed(because: "no such file") == .report)
        #expect(look.rejection == "no such file")
        #expect(look.loaded(3) == .use)
        #expect(look.rejection == nil)
    }
}
