import GatewaySettings
import NIOCore
import Testing

@testable import GatewayEvents

@Suite struct WebhookSignatureTests {
    private let body = ByteBuffer(string: #"{"test": 2432232314}"#)

    private func sign(_ secrets: [String]) throws -> String? {
        WebhookSignature.text(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
            timestamp: 1_614_265_330,
            body: self.body,
            secrets: try secrets.map { try WebhookSecret($0) }
        )
    }

    /// The vector of the libraries of Standard Webhooks.
    @Test(arguments: ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
    func `signs as Standard Webhooks does, with and without the prefix`(_ secret: String) throws {
        #expect(try self.sign([secret]) == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    }

    @Test func `several secrets sign one after the other`() throws {
        let first = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        let second = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
        let both = try #require(try self.sign([first, second])).split(separator: " ").map(String.init)
        #expect(try both == [#require(try self.sign([first])), #require(try self.sign([second]))])
        #expect(try self.sign([]) == nil)
    }

    @Test(arguments: [
        "", "whsec_", "whsec_hunter2hunter", "this is a text of more than 24 characters",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS",
        "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa-_",
        "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==", "whsec_" + String(repeating: "AAAA", count: 22),
    ])
    func `what is not the base64 of 24 to 64 bytes is refused, and not repeated`(_ text: String) {
        let error = #expect(throws: SettingError.self) { try WebhookSecret(text) }
        let message = "\(error?.problem ?? "") \(error?.suggestion ?? "")"
        #expect(text.count < 8 || !message.contains(text.dropFirst(6)))
    }

    @Test func `a former secret signs until its time is over`() throws {
        var settings = WebhookConfiguration()
        settings.secret = WebhookSecrets(["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
        var webhook = Webhook(settings: settings, isFromFile: false)
        let old = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
        let day: Int64 = 24 * 3600 * 1000
        webhook.rotate(to: old, at: 1000)
        let secrets = [try WebhookSecret(old), try WebhookSecret(settings.secret.texts[0])]
        #expect(webhook.secrets(at: 999 + day) == secrets)
        #expect(webhook.secrets(at: 1000 + day) == [secrets[0]])
        for _ in 0..<20 { webhook.rotate(to: old, at: 1000) }
        #expect(webhook.secrets(at: 1001).count == 10)
    }

    @Test func `a new secret has 32 bytes`() throws {
        let secret = WebhookSecret.make()
        #expect(secret.hasPrefix("whsec_"))
        #expect(try WebhookSecret(secret).key.count == 32)
        #expect(WebhookSecret.make() != secret)
    }
}
