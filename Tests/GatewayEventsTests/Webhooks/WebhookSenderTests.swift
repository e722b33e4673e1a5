import Foundation
import GatewayHTTP
import GatewaySettings
import Logging
import NIOCore
import NIOPosix
import Testing

@testable import GatewayCore
@testable import GatewayEvents

@Suite struct WebhookSenderTests {
    /// A sender on a thread of its own.
    private struct Running {
        let group: MultiThreadedEventLoopGroup
        let names: NameResolver
        let sender: NIOLoopBound<WebhookSender>

        init(_ policy: AddressPolicy = .all, hosts: String = "") async throws {
            self.group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
            var log = Logger(label: "test")
            log.logLevel = .critical
            let file = FileManager.default.temporaryDirectory.appendingPathComponent("hosts-\(UUID().uuidString)")
            try hosts.write(to: file, atomically: true, encoding: .utf8)
            var settings = NameResolver.Settings(servers: "127.0.0.1:9")
            settings.hostsFile = file.path
            let names = NameResolver(settings, log: log)
            self.names = names
            let worker = try await WorkerSetup(log: log).start(on: self.group.next()) { _ in }
            self.sender = try await worker.eventLoop.submit {
                let sender = WebhookSender(on: worker.value, resolver: names)
                sender.allow(policy)
                return NIOLoopBound(sender, eventLoop: worker.eventLoop)
            }.get()
        }

        func send(
            to url: String,
            id: String = "ops",
            timeout: TimeSpan = .seconds(10),
            _ change: (inout WebhookConfiguration) -> Void = { _ in }
        ) async throws -> WebhookResult {
            var settings = WebhookConfiguration()
            settings.id = id
            settings.url = try #require(ServiceURL(url))
            settings.timeout = timeout
            settings.secret = WebhookSecrets(["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
            change(&settings)
            let webhook = Webhook(settings: settings, isFromFile: false)
            let attempt = WebhookAttempt(
                id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
                type: "upstream.down",
                event: ByteBuffer(string: #"{"test": 2432232314}"#),
                timestamp: 1_614_265_330
            )
            let promise = self.sender.eventLoop.makePromise(of: WebhookResult.self)
            try await self.sender.eventLoop.submit {
                self.sender.value.send(attempt, to: webhook) { promise.succeed($0) }
            }.get()
            return try await promise.futureResult.get()
        }

        func stop() async throws {
            try await self.sender.eventLoop.submit { self.sender.value.stop() }.get()
            await self.names.stop()
            try await self.group.shutdownGracefully()
        }
    }

    private static func http(_ head: String, _ body: String = "") -> String {
        "HTTP/1.1 \(head)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    @Test func `a request has the event, its signature and the fields of the webhook`() async throws {
        let receiver = try await WebhookReceiver(Self.http("200 OK", "thanks"))
        let sender = try await Running()
        let result = try await sender.send(to: "http://127.0.0.1:\(receiver.port)/hook?a=b") {
            $0.headers = ["X-Env": "production"]
        }
        #expect(result.isDelivered && result.status == 200 && result.answer == "thanks" && result.error == nil)
        let lines = receiver.received.components(separatedBy: "\r\n")
        #expect(lines[0] == "POST /hook?a=b HTTP/1.1")
        for line in [
            "Host: 127.0.0.1:\(receiver.port)", "X-Env: production", "User-Agent: gateway/\(GatewayVersion.current)",
            "Content-Type: application/json", "Content-Length: 20", "webhook-id: msg_p5jXN8AQM9LWM0D4loKWxJek",
            "webhook-timestamp: 1614265330", "webhook-signature: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            #"{"test": 2432232314}"#,
        ] { #expect(lines.contains(line), "\(line)") }
        // Kept and used again.
        try await sender.stop()
        await receiver.stop()
    }

    @Test func `the fields of a webhook replace those of the gateway`() async throws {
        let receiver = try await WebhookReceiver(Self.http("204 No Content"))
        let sender = try await Running()
        let result = try await sender.send(to: "http://127.0.0.1:\(receiver.port)/") {
            $0.headers = ["content-type": "text/csv", "USER-AGENT": "mine"]
        }
        #expect(result.isDelivered)
        #expect(receiver.received.contains("text/csv\r\n") && receiver.received.contains("mine\r\n"))
        #expect(!receiver.received.contains("application/json") && !receiver.received.contains("gateway/"))
        try await sender.stop()
        await receiver.stop()
    }

    @Test(arguments: [
        ("301 Moved Permanently\r\nLocation: http://127.0.0.1:9/", 301, nil as Int?),
        ("307 Temporary Redirect\r\nLocation: /", 307, nil),
        ("410 Gone", 410, nil), ("429 Too Many Requests\r\nRetry-After: 7", 429, 7),
        ("503 Service Unavailable\r\nRetry-After: Sun, 06 Nov 1994 08:49:37 GMT", 503, 0),
        ("500 Oops\r\nRetry-After: soon", 500, nil),
        ("400 Bad\r\nRetry-After: 99999999999999", 400, 86_400),
    ])
    func `other statuses are reported, and redirects not followed`(_ head: String, _ status: Int, _ retryAfter: Int?)
        async throws
    {
        let receiver = try await WebhookReceiver(Self.http(head, "no"))
        let sender = try await Running()
        let result = try await sender.send(to: "http://127.0.0.1:\(receiver.port)/")
        #expect(!result.isDelivered && result.status == status && result.retryAfter == retryAfter)
        #expect((result.error == "redirects are not followed") == (300..<400).contains(status))
        #expect(receiver.connectionCount == 1)
        try await sender.stop()
        await receiver.stop()
    }

    @Test func `of a large answer 64 KiB are read`() async throws {
        let large = String(repeating: "x", count: 10_000_000)
        let receiver = try await WebhookReceiver(Self.http("200 OK", large))
        let sender = try await Running()
        let result = try await sender.send(to: "http://127.0.0.1:\(receiver.port)/")
        #expect(result.isDelivered && result.answer.utf8.count == 65_536)
        try await sender.stop()
        await receiver.stop()
    }

    @Test(arguments: [
        (["HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"] + Array(repeating: "x", count: 500)),
        Array("HTTP/1.1 200 OK\r\nX-Slow: ".map(String.init) + Array(repeating: "x", count: 500)), [],
    ])
    func `one deadline counts for everything`(_ parts: [String]) async throws {
        let receiver = try await WebhookReceiver(parts: parts)
        let sender = try await Running()
        let result = try await sender.send(to: "http://127.0.0.1:\(receiver.port)/S3CRET", timeout: .milliseconds(300))
        #expect(result.status == nil && result.error == "127.0.0.1 did not respond within 300ms")
        try await sender.stop()
        await receiver.stop()
    }

    @Test(arguments: [["junk"], ["SSH-2.0-OpenSSH\r\n"], ["HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\n"]])
    func `what is not HTTP is an error`(_ parts: [String]) async throws {
        let receiver = try await WebhookReceiver(parts: parts)
        let sender = try await Running()
        let result = try await sender.send(to: "http://127.0.0.1:\(receiver.port)/S3CRET", timeout: .seconds(1))
        #expect(result.status == nil && result.error?.isEmpty == false && result.error?.contains("S3CRET") == false)
        try await sender.stop()
        await receiver.stop()
    }

    @Test func `nothing is sent to an address that is not public`() async throws {
        let receiver = try await WebhookReceiver(Self.http("200 OK"))
        let sender = try await Running(.publicOnly, hosts: "127.0.0.1 inside.example\n::1 inside.example\n")
        for host in ["127.0.0.1", "[::ffff:127.0.0.1]", "localhost", "inside.example"] {
            let result = try await sender.send(to: "https://\(host):\(receiver.port)/S3CRET", timeout: .seconds(5))
            #expect(result.status == nil)
            #expect(result.error?.contains("public") == true, "\(result)")
            #expect(result.error?.contains("S3CRET") == false)
        }
        let plain = try await sender.send(to: "http://inside.example:\(receiver.port)/")
        #expect(plain.error?.contains("not https") == true)
        #expect(receiver.connectionCount == 0)
        try await sender.stop()
        await receiver.stop()
    }

    @Test func `a name is looked up and connected to`() async throws {
        let receiver = try await WebhookReceiver(Self.http("200 OK"))
        let sender = try await Running(hosts: "127.0.0.1 inside.example\n")
        #expect(try await sender.send(to: "http://inside.example:\(receiver.port)/").isDelivered)
        #expect(receiver.received.contains("Host: inside.example:\(receiver.port)\r\n"))
        let missing = try await sender.send(to: "http://inside.invalid/", timeout: .seconds(2))
        #expect(missing.status == nil && missing.error?.contains("inside.invalid") == true)
        try await sender.stop()
        await receiver.stop()
    }

    @Test func `a changed URL is used from the next try on`() async throws {
        let first = try await WebhookReceiver(Self.http("200 OK"))
        let second = try await WebhookReceiver(Self.http("201 Created"))
        let sender = try await Running()
        #expect(try await sender.send(to: "http://127.0.0.1:\(first.port)/").status == 200)
        #expect(try await sender.send(to: "http://127.0.0.1:\(second.port)/").status == 201)
        try await sender.stop()
        await first.stop()
        await second.stop()
    }

    @Test func `many webhooks do not wait for one that hangs`() async throws {
        let hanging = try await WebhookReceiver(parts: [])
        let healthy = try await WebhookReceiver(Self.http("200 OK"))
        let sender = try await Running()
        async let slow = sender.send(to: "http://127.0.0.1:\(hanging.port)/", id: "slow", timeout: .seconds(20))
        try await withThrowingTaskGroup { group in
            for number in 0..<100 {
                group.addTask {
                    try await sender.send(to: "http://127.0.0.1:\(healthy.port)/", id: "w\(number)").isDelivered
                }
            }
            for try await isDelivered in group { #expect(isDelivered) }
        }
        await hanging.stop()
        try await sender.stop()
        await healthy.stop()
        _ = try? await slow
    }
}

@Suite struct NameStateTests {
    @Test func `of mixed answers only public addresses remain`() throws {
        func addresses(_ texts: String...) throws -> NameState {
            .addresses(try texts.map { try #require(IPAddress($0)) })
        }
        let mixed = try addresses("10.0.0.1", "8.8.8.8", "::1", "2606:4700::1111", "64:ff9b::7f00:1")
        #expect(try mixed.restricted(to: .publicOnly) == addresses("8.8.8.8", "2606:4700::1111"))
        #expect(mixed.restricted(to: .all) == mixed)
        #expect(
            try addresses("127.0.0.1", "::1").restricted(to: .publicOnly)
                == .failed(reason: "its addresses are not public")
        )
        #expect(NameState.failed(reason: "x").restricted(to: .publicOnly) == .failed(reason: "x"))
    }
}
