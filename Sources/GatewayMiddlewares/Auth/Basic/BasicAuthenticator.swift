import GatewayAccess
package import GatewayCore
import GatewayHTTP
import GatewaySettings
import NIOCore

/// Basic authentication (RFC 7617): names and passwords.
///
/// A password is hashed on another thread. If it was right, requests with the same field pass for a minute without a
/// hash, and without a lock.
package final class BasicAuthenticator: Authenticator {
    package static let name = "basic"
    package let challenge = AuthenticationChallenge("Basic", parameters: "charset=\"UTF-8\"")

    private let forwards: Bool
    private let threads: PasswordThreads
    /// Nil if the users do not change.
    private var reader: WatchedFile<BasicUsers>.Reader?
    /// The users as of the last request, and their right passwords on this event loop.
    private var known: BasicUsers
    private var memory = PasswordMemory()

    package init(in context: inout BuildContext) {
        let settings = context.auth.basic ?? BasicConfiguration()
        if context.auth.basic == nil {
            context.fail(
                "\"basic\" needs names and passwords",
                suggestion: "add [auth.basic] with users, or remove \"basic\"",
                at: "any"
            )
        }
        self.forwards = settings.forward
        self.threads = context.shared("basic.threads") { PasswordThreads() }
        let (shared, log) = (context.worker.shared, context.worker.log)
        // A file with a mistake has been reported.
        let source = try? BasicUsers.source(settings, in: context.folder, shared: shared, log: log)
        self.known = source?.users ?? BasicUsers(PasswordUsers([]), consumers: context.consumers)
        if case .file(let file) = source { self.reader = file.makeReader() }
    }

    package func authenticate(_ exchange: Exchange) -> Authentication {
        guard let field = exchange.request.headers.first(.authorization) else { return .missing }
        // RFC 9110 section 5.3 allows one.
        if exchange.request.headers.count(of: .authorization) > 1 {
            return .malformed(reason: "there are two Authorization fields")
        }
        let users = self.users
        let pair = exchange.request.headers.withBytes(field) { BasicCredentials.token(in: $0).map(users.digest) }
        guard let pair else { return .missing }
        if case .right(let user, _) = self.memory.recall(pair, at: exchange.now) {
            return .accepted(users.callers[user])
        }
        switch users.recall(pair, at: exchange.now) {
        case .right(let user, let until):
            self.memory.remember(pair, of: user, until: until)
            return .accepted(users.callers[user])
        case .wrong(let isUser): return Self.refusal(isUser: isUser)
        case .unknown: break
        }
        switch exchange.request.headers.withBytes(field, BasicCredentials.read) {
        case .otherScheme: return .missing
        case .malformed(let malformation): return .malformed(reason: malformation.reason)
        case .credentials(let credentials): return self.check(credentials, pair, users, exchange)
        }
    }

    package func removeCredential(_ exchange: Exchange) {
        if !self.forwards { exchange.request.headers.remove(.authorization) }
    }

    package func removeUnusedCredential(_ exchange: Exchange) {
        guard let field = exchange.request.headers.first(.authorization),
            exchange.request.headers.withBytes(field, { BasicCredentials.token(in: $0) != nil })
        else { return }
        self.removeCredential(exchange)
    }

    /// The users as of now.
    private var users: BasicUsers {
        if let users = self.reader?.current, users !== self.known {
            self.known = users
            self.memory = PasswordMemory()
        }
        return self.known
    }

    private func check(
        _ credentials: BasicCredentials,
        _ pair: PairDigest,
        _ users: BasicUsers,
        _ exchange: Exchange
    ) -> Authentication {
        let lookup = users.lookUp(credentials.name)
        // Nobody has such a password, and the time to hash it would grow with its length.
        guard credentials.password.count <= PasswordHash.longestPassword, lookup != .empty else {
            return Self.refusal(isUser: false)
        }
        let pending = PendingAuthentication()
        let bound = NIOLoopBound(pending, eventLoop: exchange.worker.eventLoop)
        let work = PasswordThreads.Work(users: users, lookup: lookup, password: credentials.password)
        let ticket = self.threads.check(pair, work, of: Self.client(exchange.clientAddress)) { verdict in
            bound.eventLoop.execute { bound.value.complete(Self.result(verdict, users)) }
        }
        guard let ticket else { return Self.result(.unavailable, users) }
        let threads = self.threads
        pending.whenAbandoned { threads.leave(ticket) }
        return .pending(pending)
    }

    private static func result(_ verdict: PasswordVerdict, _ users: BasicUsers) -> Authentication {
        switch verdict {
        case .right(let user): .accepted(users.callers[user])
        case .wrong(let isUser): Self.refusal(isUser: isUser)
        case .unavailable: .unavailable(retryAfter: 1, reason: "too many passwords to check")
        }
    }

    private static func refusal(isUser: Bool) -> Authentication {
        .refused(Authentication.Refusal(isUser ? "wrong password" : "unknown user"))
    }

    /// What clients take turns by: the address, or the network of an IPv6 address. All without an address are one client.
    private static func client(_ address: ClientAddress) -> UInt64 {
        guard let ip = address.ip else { return 0 }
        return ip.isIPv6 ? ip.high : ip.low
    }
}

extension BasicCredentials.Malformation {
    /// For the client, who learns what is wrong with the form.
    fileprivate var reason: StaticString {
        switch self {
        case .notBase64: "it is not base64"
        case .notUTF8: "it is not UTF-8"
        case .controlCharacter: "it has control characters"
        case .noColon: "it has no colon"
        }
    }
}
