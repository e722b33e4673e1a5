import Testing

@testable import GatewayCore

struct CertificateReminderTests {
    @Test func `operators are reminded at once, then once a day`() {
        var reminder = CertificateReminder()
        #expect(reminder.look(at: "a", daysLeft: nil) == .nothing)
        #expect(reminder.look(at: "a", daysLeft: 13) == .remind)
        #expect(reminder.look(at: "a", daysLeft: 13) == .nothing)
        #expect(reminder.look(at: "b", daysLeft: 13) == .remind)
        #expect(reminder.look(at: "a", daysLeft: 12) == .remind)
        #expect(reminder.look(at: "a", daysLeft: -1) == .remind)
        #expect(reminder.look(at: "a", daysLeft: -1) == .nothing)
    }

    @Test func `a renewed certificate starts over`() {
        var reminder = CertificateReminder()
        #expect(reminder.look(at: "a", daysLeft: 3) == .remind)
        #expect(reminder.look(at: "a", daysLeft: nil) == .nothing)
        #expect(reminder.look(at: "a", daysLeft: 3) == .remind)
    }

    @Test func `a certificate that is gone is forgotten`() {
        var reminder = CertificateReminder()
        #expect(reminder.look(at: "a", daysLeft: 3) == .remind)
        reminder.keep(["b"])
        #expect(reminder.look(at: "a", daysLeft: 3) == .remind)
    }
}
