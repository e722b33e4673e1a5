import GatewaySettings

/// The commands that begin a connection, one after the other.
struct RedisHandshake: Hashable {
    /// What a connection is for.
    enum Role: Hashable {
        /// All commands. The server must take writes.
        case master
        /// The commands whose keys a server of a cluster has. It may take none.
        case node
        /// Messages of channels.
        case subscriber
        /// Asking where a master is.
        case sentinel
    }

    enum Step: Hashable {
        case authenticate, select, write
    }

    enum OnReply: Equatable {
        case send(RedisCommand)
        case ready
        case fail(String)
    }

    private let role: Role
    private let url: RedisURL
    private let prefix: String
    private var steps: [Step] = []

    init(_ configuration: RedisConfiguration, for role: Role) {
        self.role = role
        self.url = configuration.url
        self.prefix = configuration.prefix
        if !self.url.password.isEmpty { self.steps.append(.authenticate) }
        guard role == .master else { return }
        if self.url.database != 0 { self.steps.append(.select) }
        self.steps.append(.write)
    }

    /// The connection is open.
    func begin() -> OnReply { self.steps.first.map { .send(self.command($0)) } ?? .ready }

    mutating func received(_ reply: RedisReply) -> OnReply {
        guard !self.steps.isEmpty else { return .ready }
        let step = self.steps.removeFirst()
        // Sentinels often have no password where the servers have one.
        if case .error(let text) = reply, !(self.role == .sentinel && step == .authenticate) {
            return .fail(Self.problem(text, at: step))
        }
        return self.begin()
    }

    private func command(_ step: Step) -> RedisCommand {
        switch step {
        case .authenticate where self.url.user.isEmpty: RedisCommand("AUTH", self.url.password)
        case .authenticate: RedisCommand("AUTH", self.url.user, self.url.password)
        case .select: RedisCommand("SELECT", "\(self.url.database)")
        // A write that changes nothing. Only a server that takes writes executes it: ROLE and INFO are dangerous to an ACL.
        case .write: RedisCommand("DEL", self.prefix + "writable")
        }
    }

    private static func problem(_ text: String, at step: Step) -> String {
        switch step {
        // Some servers repeat arguments that they do not understand, so only the code is told.
        case .authenticate: "it refuses the user or the password: \(text.prefix { $0.isUppercase })"
        case .select: "it refuses the database: \(text)"
        case .write where text.hasPrefix("READONLY"): "it is a replica, which takes no writes"
        case .write where text.hasPrefix("NOAUTH"): "it asks for a password"
        case .write: "it takes no writes: \(text)"
        }
    }
}
