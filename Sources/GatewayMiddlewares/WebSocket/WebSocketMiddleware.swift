public import GatewayCore
import GatewayHTTP
public import GatewaySettings
import GatewayWebSocket
import NIOCore

/// Limits the WebSockets of a route, and checks their frames.
///
/// ```toml
/// [middleware.websocket]
/// origins = ["https://app.example.com"]
/// max_message = "1MiB"
/// ```
///
/// Frames are checked while they pass, and no message is held. A side that breaks the protocol, sends a message that is too
/// large or is silent for too long is closed, and so is the other one. Applies only to routes whose `upgrade` lists
/// `websocket`; without this middleware, bytes pass unchanged.
public struct WebSocketMiddleware: RequestHook, CompletionHook {
    public struct Config: Codable, Sendable {
        /// Origins whose pages may connect, such as `https://app.example.com`, `https://*.example.com` or `http://localhost:*`. Empty: any. Clients that send no `Origin` may always connect.
        public var origins: [String] = []
        /// Maximum size of a message, as sent, in all its frames. Larger ones close the WebSocket with 1009.
        public var maxMessage = ByteCount.mebibytes(1)
        /// How often both sides are pinged.
        public var pingInterval = TimeLimit.seconds(30)
        /// A side that sends nothing for this long, not even a pong, is gone. The other one is closed with 1001.
        public var idleTimeout = TimeLimit.seconds(120)
        /// Maximum number of WebSockets per route, at least 1. Further handshakes get 503.
        public var maxConnections = 10_000
        /// Maximum number of WebSockets per route and consumer, or client address where there is none. Further handshakes get 429. 0: no limit.
        public var maxPerClient = 0

        public init() {}
    }

    public static let name = "websocket"

    private let origins: [OriginPattern]
    private let policy: WebSocketTunnel.Policy
    private let maxConnections: Int
    private let maxPerClient: Int
    private let slots: WebSocketSlots
    /// The client that the WebSocket counts for; nil if it does not count.
    private let counted: ExchangeKey<Counted?>

    /// A WebSocket that counts, possibly for a client.
    private struct Counted {
        var client: WebSocketSlots.Client?
    }

    public init(_ config: Config, in context: inout BuildContext) {
        self.origins = config.origins.compactMap { try? OriginPattern($0) }
        self.policy = WebSocketTunnel.Policy(
            maxMessage: UInt64(config.maxMessage.bytes),
            pingInterval: config.pingInterval.span.map(TimeAmount.init),
            idleTimeout: config.idleTimeout.span.map(TimeAmount.init)
        )
        self.maxConnections = config.maxConnections
        self.maxPerClient = config.maxPerClient
        self.slots = context.shared(context.route) { WebSocketSlots() }
        self.counted = context.key(nil)
        Self.check(config, in: &context)
    }

    private static func check(_ config: Config, in context: inout BuildContext) {
        for (index, origin) in config.origins.enumerated() {
            _ = OriginPattern.checked(origin, at: index, in: &context)
        }
        for (key, limit) in [("ping_interval", config.pingInterval), ("idle_timeout", config.idleTimeout)] {
            guard let span = limit.span, span <= .zero else { continue }
            context.fail(
                "\(span.settingValue.quoted) leaves no time",
                suggestion: "write \"off\", or \"1s\" or more",
                at: key
            )
        }
        if config.maxMessage.bytes < 1 {
            context.fail("no message is that small", suggestion: "write \"1KiB\" or more", at: "max_message")
        }
        if config.maxConnections < 1 {
            context.fail("\(config.maxConnections) is too small", suggestion: "write 1 or more", at: "max_connections")
        }
        if config.maxPerClient < 0 {
            context.fail("\(config.maxPerClient) is too small", suggestion: "write 0 or more", at: "max_per_client")
        }
        if let ping = config.pingInterval.span, let idle = config.idleTimeout.span, idle <= ping {
            context.warn(
                "idle_timeout is not longer than ping_interval, so quiet clients are cut before they are pinged",
                suggestion: "write a longer time",
                at: "idle_timeout"
            )
        }
    }

    public func request(_ exchange: Exchange) -> Decision {
        guard let upgrade = exchange.upgrade else { return .next }
        if !self.allowsOrigin(of: exchange.request) {
            return .fail(.forbidden("Pages of this origin may not open WebSockets here."))
        }
        // After a retry, the handshake counts already.
        if exchange[self.counted] == nil {
            let client =
                self.maxPerClient > 0 ? WebSocketSlots.Client(exchange.callerName(), at: exchange.clientAddress) : nil
            switch self.slots.open(for: client, limit: self.maxConnections, clientLimit: self.maxPerClient) {
            case .opened: exchange[self.counted] = Counted(client: client)
            case .routeFull: return .fail(self.isFull)
            case .clientFull:
                let detail = "Too many WebSockets are open. Close one first."
                return .fail(GatewayError(.rateLimited, detail: detail, retryAfter: 1))
            }
        }
        upgrade.policy = self.policy
        return .next
    }

    private var isFull: GatewayError {
        GatewayError(
            .overloaded,
            detail: "Too many WebSockets are open. Try again in 1 second.",
            retryAfter: 1,
            reason: "websocket: the route has reached max_connections (\(self.maxConnections))"
        )
    }

    /// Programs other than browsers send no `Origin` (RFC 6455 section 10.2).
    private func allowsOrigin(of request: borrowing RequestHead) -> Bool {
        guard !self.origins.isEmpty, request.headers.contains(.origin) else { return true }
        guard request.headers.count(of: .origin) == 1, let origin = request.headers.first(.origin) else { return false }
        return request.headers.withBytes(origin) { origin in self.origins.contains { $0.matches(origin) } }
    }

    public func complete(_ exchange: Exchange, _ outcome: Outcome) {
        guard let counted = exchange[self.counted] else { return }
        exchange[self.counted] = nil
        self.slots.close(for: counted.client)
    }
}
