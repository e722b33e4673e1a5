import GatewayAccess
import GatewayCore
import GatewaySettings
import NIOCore
import Synchronization

/// The users of basic authentication, and which passwords were right a short time ago. All workers share it. Other users
/// are another object, which remembers nothing.
final class BasicUsers: Sendable {
    /// The callers, in the order of the users.
    let callers: [Caller]
    private let users: PasswordUsers
    /// The key of digests, so that they say nothing about passwords and cannot be made to collide.
    private let seed = SipHash.Seed.random()
    private let memory = Mutex(PasswordMemory())

    init(_ users: PasswordUsers, consumers: Consumers) {
        self.users = users
        self.callers = users.users.map { user in
            Caller(
                consumers.consumer(user.name, isNamed: true),
                kind: BasicAuthenticator.name,
                plan: user.plan,
                scope: user.scope,
                isConfigured: true
            )
        }
        self.register(with: consumers)
    }

    /// Makes the users known before their first request.
    func register(with consumers: Consumers) {
        consumers.setNames(Set(self.callers.map(\.name)), of: BasicAuthenticator.name)
    }

    /// The digest of a name and a password as an `Authorization` field has them.
    func digest(_ token: UnsafeRawBufferPointer) -> PairDigest {
        var hash = SipHash(seed: self.seed)
        hash.combine(token)
        return PairDigest(hash.finish())
    }

    /// The hash that the password of a user is compared with.
    func lookUp(_ name: String) -> PasswordUsers.OnLookup {
        var hash = SipHash(seed: self.seed)
        var name = name
        name.withUTF8 { hash.combine(UnsafeRawBufferPointer($0)) }
        return self.users.lookUp(name, choice: hash.finish().0)
    }

    func recall(_ pair: PairDigest, at now: NIODeadline) -> PasswordMemory.OnRecall {
        self.memory.withLock { $0.recall(pair, at: now) }
    }

    func remember(_ pair: PairDigest, _ verdict: PasswordVerdict, at now: NIODeadline) {
        self.memory.withLock { memory in
            switch verdict {
            case .right(let user): memory.remember(pair, of: user, until: now + PasswordMemory.rightSpan)
            case .wrong(let isUser): memory.rememberWrong(pair, isUser: isUser, at: now)
            case .unavailable: break
            }
        }
    }
}

/// The result of a comparison.
enum PasswordVerdict: Hashable, Sendable {
    /// It is the password of the user at this index.
    case right(Int)
    case wrong(isUser: Bool)
    /// Too many passwords wait to be hashed.
    case unavailable
}
