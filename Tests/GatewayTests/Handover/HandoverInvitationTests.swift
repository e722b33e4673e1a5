import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewaySettings

struct HandoverInvitationTests {
    private static let invitation = HandoverInvitation(
        predecessor: 7,
        origins: ["own 127.0.0.1:0", "held [::]:80", "own unix:/run/a b.sock"].compactMap { PassedSocket.Origin($0) }
    )

    @Test(arguments: [invitation, HandoverInvitation(predecessor: 7, origins: [])])
    func `what is written can be read`(invitation: HandoverInvitation) {
        #expect(HandoverInvitation(invitation.text) == invitation)
    }

    @Test(arguments: [
        "", "\n", "x", "7\nown nowhere", "7\n127.0.0.1:80", "7\nmy 127.0.0.1:80", "7\nown 127.0.0.1:80\n?",
    ])
    func `anything else is no invitation`(text: String) { #expect(HandoverInvitation(text) == nil) }

    @Test func `sockets that a service manager holds stay marked`() {
        #expect(Self.invitation.origins.map(\.isHeld) == [false, true, false])
    }

    @Test func `the channel follows the sockets`() {
        #expect(Self.invitation.sockets == 3..<6)
        #expect(Self.invitation.channel == 6)
    }

    @Test func `the successor does not inherit what concerns only this process`() {
        let own = [
            "PATH": "/bin", "NOTIFY_SOCKET": "/run/notify", "LISTEN_PID": "7", "LISTEN_FDNAMES": "a", "LISTEN_FDS": "9",
            "WATCHDOG_PID": "7", "WATCHDOG_USEC": "5",
        ]
        let expected = [
            "PATH": "/bin", "NOTIFY_SOCKET": "/run/notify", "LISTEN_FDS": "3", "WATCHDOG_USEC": "5",
            "GATEWAY_HANDOVER": Self.invitation.text,
        ]
        #expect(Self.invitation.environment(from: own) == expected)
    }
}
